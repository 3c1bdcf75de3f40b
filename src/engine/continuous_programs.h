// The programs of continuous batching: decodes for a few batch sizes, and one for prompts, alone or
// beside decodes. Their shapes are capacities: a step runs in the smallest program that holds it,
// and padding is never computed.
#pragma once

#include <vector>

#include "engine/step_shapes.h"

namespace spyre::engine {

struct ContinuousSteps {
  int64_t max_num_seqs = 1;
  int64_t max_model_len = 0;
  bool mixed = false;  // prompts and decodes in one step
  StepOptions options = {};
};

// The smaller before the larger.
std::vector<model::StepShape> continuous_programs(const ContinuousSteps& steps);

}  // namespace spyre::engine
