// Rotary frequencies of a model, with every scaling that transformers applies to them, in f32 as
// transformers computes them. RoPE: Su et al. 2021 (arXiv 2104.09864); llama3 scaling: the
// Llama 3.1 release; longrope: Ding et al. 2024 (arXiv 2402.13753).
#pragma once

#include <cstdint>
#include <vector>

#include "checkpoint/model_config.h"

namespace spyre::model {

struct RopeFrequencies {
  std::vector<float> values;  // [rotary_dim / 2]: position times value is the angle
  float factor = 1.0f;        // multiplies cos and sin (longrope)
};

// Columns of a head that are rotated: head_dim times partial_rotary_factor, rounded down.
int64_t rotary_dim(const checkpoint::ModelConfig& config);

// max_model_len: see model::build.
RopeFrequencies rope_frequencies(const checkpoint::ModelConfig& config, int64_t max_model_len);

// Frequencies of another base without scaling: gemma3's sliding-window layers.
RopeFrequencies unscaled_frequencies(float theta, int64_t rotary_dim);

}  // namespace spyre::model
