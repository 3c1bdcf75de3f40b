#include "sample/rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace spyre::sample {

std::vector<float> random_row(size_t vocab, uint64_t seed, float deviation, float levels) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> row(vocab);
  for (float& each : row) {
    each = normal(engine);
    if (levels > 0) each = std::round(each * levels) / levels;
  }
  return row;
}

std::vector<int32_t> sorted_ids(std::span<const float> logits) {
  std::vector<int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  std::ranges::sort(ids, [&](int32_t a, int32_t b) {
    const float x = logits[static_cast<size_t>(a)];
    const float y = logits[static_cast<size_t>(b)];
    return x != y ? x > y : a < b;
  });
  return ids;
}

std::vector<double> softmax(std::span<const float> logits, double temperature) {
  const double max = *std::ranges::max_element(logits);
  std::vector<double> weights;
  for (const float logit : logits) weights.push_back(std::exp((logit - max) / temperature));
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& each : weights) each /= total;
  return weights;
}

Workspace workspace_for(std::span<const float> logits) {
  return std::move(Workspace::create(static_cast<int64_t>(logits.size())).value());
}

}  // namespace spyre::sample
