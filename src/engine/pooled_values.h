// From what a pooling model's last layer gives to what users see: vectors of length 1, shorter
// vectors, probabilities, similarities. Pure functions, so that a command and a server say the same
// bits. Inputs may hold anything; NaNs and infinities come out as such.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace spyre::engine {

// Scales to length 1: x / sqrt(sum of x^2), summed in double. Zeros stay zeros.
void normalise(std::span<float> values);

// The first `dimensions` columns of a pooled vector, scaled to length 1 where `unit_length` says
// so. dimensions: 1 to pooled.size(). Shorter vectors come of models trained for them: Kusupati et
// al. 2022 (arXiv 2205.13147).
std::vector<float> embedding(std::span<const float> pooled, int64_t dimensions, bool unit_length);

// 1 / (1 + exp(-x))
float sigmoid(float logit);

// The probability of each label. exclusive: they add up to 1 (softmax); else each label stands for
// itself (sigmoid), as a single one always does.
std::vector<float> label_probabilities(std::span<const float> logits, bool exclusive);

// Of vectors of the same size, summed in double: -1 to 1; 0 where one of them is all zeros.
float cosine_similarity(std::span<const float> one, std::span<const float> other);

}  // namespace spyre::engine
