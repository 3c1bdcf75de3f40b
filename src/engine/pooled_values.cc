#include "engine/pooled_values.h"

#include <algorithm>
#include <cmath>

namespace spyre::engine {

namespace {

double dot(std::span<const float> one, std::span<const float> other) {
  double sum = 0;
  for (size_t i = 0; i < one.size(); ++i) sum += static_cast<double>(one[i]) * other[i];
  return sum;
}

}  // namespace

void normalise(std::span<float> values) {
  const double length = std::sqrt(dot(values, values));
  if (length == 0) return;
  for (float& value : values) value = static_cast<float>(value / length);
}

std::vector<float> embedding(std::span<const float> pooled, int64_t dimensions, bool unit_length) {
  const auto kept = pooled.first(static_cast<size_t>(dimensions));
  std::vector<float> values(kept.begin(), kept.end());
  if (unit_length) normalise(values);
  return values;
}

float sigmoid(float logit) {
  // exp of a negative number only: the other overflows.
  const double small = std::exp(-std::abs(static_cast<double>(logit)));
  return static_cast<float>((logit >= 0 ? 1 : small) / (1 + small));
}

std::vector<float> label_probabilities(std::span<const float> logits, bool exclusive) {
  std::vector<float> probabilities(logits.size());
  if (!exclusive || logits.size() == 1) {
    std::ranges::transform(logits, probabilities.begin(), sigmoid);
    return probabilities;
  }
  if (logits.empty()) return probabilities;
  const double most = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - most);
  std::ranges::transform(logits, probabilities.begin(), [&](float logit) {
    return static_cast<float>(std::exp(logit - most) / sum);
  });
  return probabilities;
}

float cosine_similarity(std::span<const float> one, std::span<const float> other) {
  const double lengths = std::sqrt(dot(one, one)) * std::sqrt(dot(other, other));
  if (lengths == 0) return 0;
  const double cosine = dot(one, other) / lengths;
  // Rounding may lead past the ends; NaN stays.
  if (cosine > 1) return 1;
  return cosine < -1 ? -1 : static_cast<float>(cosine);
}

}  // namespace spyre::engine
