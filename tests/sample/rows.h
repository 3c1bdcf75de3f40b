// Rows of logits for the tests of this room, and the plain double-precision softmax that they are
// held to.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sample/workspace.h"

namespace spyre::sample {

// Normally distributed, the same for the same seed. With `levels`, rounded to so many steps per
// unit, which makes ties.
std::vector<float> random_row(size_t vocab, uint64_t seed, float deviation = 3, float levels = 0);

// Ids in the order of sampling: larger logit first, then lower id.
std::vector<int32_t> sorted_ids(std::span<const float> logits);

// softmax(logits / temperature).
std::vector<double> softmax(std::span<const float> logits, double temperature = 1);

Workspace workspace_for(std::span<const float> logits);

}  // namespace spyre::sample
