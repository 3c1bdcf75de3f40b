#include "backend/relative_bias.h"

#include <algorithm>
#include <cmath>

namespace spyre::backend {

namespace {

constexpr float kMaxDistance = 128;

}  // namespace

int64_t relative_bucket(int64_t distance, int64_t buckets) {
  const int64_t half = buckets / 2;
  const int64_t first = distance > 0 ? half : 0;
  const int64_t far = std::abs(distance);
  const int64_t exact = half / 2;
  if (far < exact) return first + far;
  const auto scale = static_cast<float>(exact);
  const float share = std::log(static_cast<float>(far) / scale) / std::log(kMaxDistance / scale);
  const auto beyond = static_cast<int64_t>(share * static_cast<float>(half - exact));
  return first + std::min(exact + beyond, half - 1);
}

std::vector<float> relative_bias(const Weight& weight, int64_t positions) {
  const int64_t buckets = weight.shape[0];
  const int64_t heads = weight.shape[1];
  std::vector<float> bias(static_cast<size_t>(heads * 2 * positions));
  std::vector<float> row(static_cast<size_t>(heads));
  for (int64_t at = 0; at < 2 * positions; ++at) {
    kernels::unpack_row(weight.matrices[0], relative_bucket(at - positions, buckets), row.data());
    for (int64_t head = 0; head < heads; ++head) {
      bias[static_cast<size_t>(head * 2 * positions + at)] = row[static_cast<size_t>(head)];
    }
  }
  return bias;
}

}  // namespace spyre::backend
