#include "sample/softmax.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/result.h"

namespace spyre::sample {

namespace {

constexpr size_t kLanes = 16;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// exp(x) for x <= 0, within 2 units of the last place; 0 below -87, where float would turn
// subnormal; NaN for NaN. x = n * ln 2 + r with |r| <= ln 2 / 2; exp(r) by its Taylor series, whose
// eighth term is below 6e-9. Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits:
// unlike a conversion this is defined for every float.
[[gnu::always_inline]] inline float exp_nonpositive(float x) {
  constexpr float kRounder = 12582912.0f;
  constexpr float kLog2High = 0.693145751953125f;  // 15 bits: n * kLog2High is exact
  constexpr float kLog2Low = 1.42860677e-6f;
  const float shifted = x * 1.44269504f + kRounder;
  const float n = shifted - kRounder;
  const float r = (x - n * kLog2High) - n * kLog2Low;
  float series = 1.0f / 5040;
  series = series * r + 1.0f / 720;
  series = series * r + 1.0f / 120;
  series = series * r + 1.0f / 24;
  series = series * r + 1.0f / 6;
  series = series * r + 0.5f;
  series = series * r + 1.0f;
  series = series * r + 1.0f;
  const uint32_t exponent =
      (std::bit_cast<uint32_t>(shifted) - std::bit_cast<uint32_t>(kRounder)) + 127u;
  const float result = series * std::bit_cast<float>(exponent << 23);
  return x < -87.0f ? 0.0f : result;
}

// Inlined into one function per instruction set, which differ in speed only: the lanes are fixed
// and products are not contracted (-ffp-contract=off), so their bits agree.
[[gnu::always_inline]] inline float weight_of(float logit, int32_t id, const Weighting& weighting) {
  const float value = exp_nonpositive((logit - weighting.max) * weighting.inverse_temperature);
  // A NaN passes, so that sums show it.
  const bool dropped = (logit == logit) & !weighting.cut.keeps(logit, id);
  return dropped ? 0.0f : value;
}

[[gnu::always_inline]] inline float block_weight_of(std::span<const float> logits, int32_t first_id,
                                                    const Weighting& weighting) {
  // Copies: the compiler then knows that no store changes them.
  const Weighting local = weighting;
  const float* const row = logits.data();
  const auto count = static_cast<int32_t>(logits.size());
  float weights[kBlockTokens] = {};
  for (int32_t i = 0; i < count; ++i) weights[i] = weight_of(row[i], first_id + i, local);
  float lanes[kLanes] = {};
  for (size_t i = 0; i < kBlockTokens; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += weights[i + lane];
  }
  for (size_t half = kLanes / 2; half > 0; half /= 2) {
    for (size_t lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

#if defined(__x86_64__)
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl")]] float block_weight_avx512(
    std::span<const float> logits, int32_t first_id, const Weighting& weighting) {
  return block_weight_of(logits, first_id, weighting);
}

[[gnu::target("avx2")]] float block_weight_avx2(std::span<const float> logits, int32_t first_id,
                                                const Weighting& weighting) {
  return block_weight_of(logits, first_id, weighting);
}
#endif

}  // namespace

float weight(float logit, int32_t id, const Weighting& weighting) {
  return weight_of(logit, id, weighting);
}

// The compiler's run time asked the CPU at load; this reads its answer.
float block_weight(std::span<const float> logits, int32_t first_id, const Weighting& weighting) {
  SPYRE_CHECK(logits.size() <= kBlockTokens);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq")) {
    return block_weight_avx512(logits, first_id, weighting);
  }
  if (__builtin_cpu_supports("avx2")) return block_weight_avx2(logits, first_id, weighting);
#endif
  return block_weight_of(logits, first_id, weighting);
}

float max_logit(std::span<const float> logits) {
  float lanes[kLanes];
  std::ranges::fill(lanes, -kInfinity);
  size_t i = 0;
  for (; i + kLanes <= logits.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const float x = logits[i + lane];
      lanes[lane] = x > lanes[lane] ? x : lanes[lane];
    }
  }
  for (; i < logits.size(); ++i) lanes[0] = logits[i] > lanes[0] ? logits[i] : lanes[0];
  return *std::ranges::max_element(lanes);
}

float max_or_nan(std::span<const float> logits) {
  // Zero or NaN: in fixed lanes, so that it is a vector.
  float lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= logits.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const float x = logits[i + lane];
      lanes[lane] = x == x ? lanes[lane] : x;
    }
  }
  for (; i < logits.size(); ++i) lanes[0] = logits[i] == logits[i] ? lanes[0] : logits[i];
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  return sum == sum ? max_logit(logits) : sum;
}

int32_t first_max(std::span<const float> logits, float max) {
  return static_cast<int32_t>(std::ranges::find(logits, max) - logits.begin());
}

double total_weight(std::span<const float> logits, const Weighting& weighting) {
  double total = 0;
  for (size_t begin = 0; begin < logits.size(); begin += kBlockTokens) {
    const size_t count = std::min(kBlockTokens, logits.size() - begin);
    total += block_weight(logits.subspan(begin, count), static_cast<int32_t>(begin), weighting);
  }
  return total;
}

double log_sum_exp(std::span<const float> logits) {
  const float max = max_logit(logits);
  return static_cast<double>(max) + std::log(total_weight(logits, {.max = max}));
}

}  // namespace spyre::sample
