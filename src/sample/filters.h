// min_p, top_k and top_p, in this order, as one Cut of the row. They only say which tokens stay;
// the draw is elsewhere.
#pragma once

#include <span>

#include "sample/softmax.h"
#include "sample/workspace.h"

namespace spyre::sample {

struct Filters {
  float temperature = 1.0f;  // at least kGreedyTemperature
  int32_t top_k = 0;         // 0 or -1: off
  float top_p = 1.0f;        // 1: off
  float min_p = 0.0f;        // 0: off
};

// The cut that leaves of the tokens
//   min_p: those with at least min_p times the probability of the likeliest,
//   top_k: of these the k likeliest, with all that tie with the last of them (as vLLM),
//   top_p: of these the fewest whose probabilities, taken anew, reach top_p.
// logits: no NaN; max: the largest of them, finite. At least one token stays. Allocates nothing.
// Nucleus sampling: Holtzman et al. 2019 (arXiv 1904.09751); min-p: Nguyen et al. 2024
// (arXiv 2407.01082).
Cut find_cut(std::span<const float> logits, float max, const Filters& filters,
             Workspace& workspace);

}  // namespace spyre::sample
