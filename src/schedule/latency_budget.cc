// Two running means: a decode's time, and a prompt token's beside it.
#include "schedule/latency_budget.h"

#include <algorithm>

namespace spyre::schedule {

namespace {

constexpr int64_t kFewestTokens = 32;  // fewer hardly cost less: the weights are read anyway
constexpr double kWeight = 0.2;        // of the newest step

void blend(std::optional<double>& mean, double newest) {
  mean = mean ? *mean + kWeight * (newest - *mean) : newest;
}

}  // namespace

int64_t LatencyBudget::tokens() const {
  if (!target_s_) return most_tokens_;
  if (!token_s_ || *token_s_ <= 0) return std::min(kFewestTokens, most_tokens_);
  const double left = (*target_s_ - decode_s_.value_or(0)) / *token_s_;
  const double most = std::clamp(left, 0.0, static_cast<double>(most_tokens_));
  return std::clamp(static_cast<int64_t>(most), std::min(kFewestTokens, most_tokens_),
                    most_tokens_);
}

void LatencyBudget::learn(int64_t decodes, int64_t prompt_tokens, double seconds) {
  if (!target_s_) return;
  if (prompt_tokens == 0) {
    if (decodes > 0) blend(decode_s_, seconds);
    return;
  }
  const double decode_s = decodes > 0 ? decode_s_.value_or(0) : 0;
  blend(token_s_, std::max(0.0, seconds - decode_s) / static_cast<double>(prompt_tokens));
}

}  // namespace spyre::schedule
