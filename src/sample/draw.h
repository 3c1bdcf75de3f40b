// One random token from a row of logits.
#pragma once

#include <cstdint>
#include <span>

#include "sample/softmax.h"

namespace spyre::sample {

// Token i with probability weight(i) / (sum of weights): the first id at which the running sum of
// weights, ids ascending, exceeds uniform * sum. Never a token of weight 0.
// uniform: [0, 1); block_weights: scratch, one per kBlockTokens logits. The largest logit is
// weighting.max, finite. One pass with exponentials; the running sum then goes over blocks first.
int32_t draw(std::span<const float> logits, const Weighting& weighting, double uniform,
             std::span<float> block_weights);

}  // namespace spyre::sample
