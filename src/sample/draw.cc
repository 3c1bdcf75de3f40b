#include "sample/draw.h"

#include <algorithm>

#include "base/result.h"

namespace spyre::sample {

int32_t draw(std::span<const float> logits, const Weighting& weighting, double uniform,
             std::span<float> block_weights) {
  const size_t blocks = (logits.size() + kBlockTokens - 1) / kBlockTokens;
  SPYRE_CHECK(block_weights.size() >= blocks);
  const auto block = [&](size_t i) {
    const size_t begin = i * kBlockTokens;
    return logits.subspan(begin, std::min(kBlockTokens, logits.size() - begin));
  };
  double total = 0;
  for (size_t i = 0; i < blocks; ++i) {
    block_weights[i] = block_weight(block(i), static_cast<int32_t>(i * kBlockTokens), weighting);
    total += block_weights[i];
  }

  // Both walks end on the last place with weight when rounding keeps the sum from passing the
  // target.
  const double target = uniform * total;
  double sum = 0;
  double before = 0;
  size_t chosen = 0;
  for (size_t i = 0; i < blocks && sum <= target; ++i) {
    if (block_weights[i] <= 0) continue;
    chosen = i;
    before = sum;
    sum += block_weights[i];
  }
  sum = before;
  auto id = static_cast<int32_t>(chosen * kBlockTokens);
  int32_t token = id;
  for (const float logit : block(chosen)) {
    const double each = weight(logit, id, weighting);
    if (each > 0) {
      token = id;
      sum += each;
      if (sum > target) break;
    }
    ++id;
  }
  return token;
}

}  // namespace spyre::sample
