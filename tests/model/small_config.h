// Configs of made-up tiny models: one that every family builds from, and the step shape to go with
// it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/model_config.h"
#include "model/model.h"

namespace spyre::model::testing {

inline constexpr StepShape kSmallShape = {
    .rows = 4, .sequences = 2, .max_blocks = 3, .output_rows = 2};
inline constexpr int64_t kSmallModelLen = 64;

// Two layers, two heads of four columns over one KV head, two experts. Encoders: a KV head each,
// the mean of three labels' logits.
checkpoint::ModelConfig small_config(std::string_view architecture);

// Of the supported architectures those that generate, and those that pool.
std::vector<std::string> decoders();
std::vector<std::string> encoders();

}  // namespace spyre::model::testing
