// A decode's time, and a prompt token's beside it.
#include "schedule/latency_budget.h"

#include <algorithm>

namespace spyre::schedule {

namespace {

constexpr int64_t kFewestTokens = 32;  // fewer hardly cost less: the weights are read anyway
constexpr double kNewest = 0.2;        // weight of the newest step
constexpr double kNoticed = 2.5;       // steps that take so many times longer are not

void blend(double& mean, double newest) {
  mean = mean == 0 ? newest : mean + kNewest * (newest - mean);
}

}  // namespace

// More rows than were seen alone take longer in proportion, at most.
double LatencyBudget::decode_seconds(int64_t decodes) const {
  if (decode_rows_ == 0) return 0;
  return decode_s_ * std::max(1.0, static_cast<double>(decodes) / decode_rows_);
}

int64_t LatencyBudget::tokens(int64_t decodes) const {
  if (target_s_ == 0.0) return most_tokens_;
  const int64_t fewest = std::min(kFewestTokens, most_tokens_);
  if (token_s_ <= 0) return fewest;
  const double decode_s = decode_seconds(decodes);
  const double left = (target_s_.value_or(kNoticed * decode_s) - decode_s) / token_s_;
  const double most = std::clamp(left, 0.0, static_cast<double>(most_tokens_));
  return std::max(static_cast<int64_t>(most), fewest);
}

void LatencyBudget::learn(int64_t decodes, int64_t prompt_tokens, double seconds) {
  if (prompt_tokens > 0) {
    const double decode_s = decodes > 0 ? decode_seconds(decodes) : 0;
    blend(token_s_, std::max(0.0, seconds - decode_s) / static_cast<double>(prompt_tokens));
  } else if (decodes > 0) {
    blend(decode_s_, seconds);
    blend(decode_rows_, static_cast<double>(decodes));
  }
}

}  // namespace spyre::schedule
