#include "sample/logprobs.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sample/softmax.h"

namespace spyre::sample {

namespace {

constexpr float kNoNumber = std::numeric_limits<float>::quiet_NaN();

int32_t rank_of(std::span<const float> logits, size_t token) {
  const float own = logits[token];
  int32_t before = 0;
  for (const float logit : logits) before += logit > own ? 1 : 0;
  for (const float logit : logits.first(token)) before += logit == own ? 1 : 0;
  return before + 1;
}

}  // namespace

TokenLogprob score_token(std::span<const float> logits, int32_t token, double log_sum) {
  if (std::isnan(log_sum)) return {.id = token, .logprob = kNoNumber, .rank = 0};
  const auto index = static_cast<size_t>(token);
  return {.id = token,
          .logprob = static_cast<float>(logits[index] - log_sum),
          .rank = rank_of(logits, index)};
}

size_t score_best(std::span<const float> logits, std::span<TokenLogprob> best, double log_sum,
                  Workspace& workspace) {
  if (std::isnan(log_sum)) {
    std::ranges::fill(best, TokenLogprob{.id = 0, .logprob = kNoNumber, .rank = 0});
    return 0;
  }
  const auto chosen = select_best(logits, -std::numeric_limits<float>::infinity(), best.size(),
                                  workspace.candidates());
  std::ranges::sort(chosen, precedes);
  for (size_t i = 0; i < chosen.size(); ++i) {
    best[i] = {.id = chosen[i].id,
               .logprob = static_cast<float>(chosen[i].logit - log_sum),
               .rank = static_cast<int32_t>(i + 1)};
  }
  return chosen.size();
}

Score score(std::span<const float> logits, int32_t token, std::span<TokenLogprob> best,
            Workspace& workspace) {
  SPYRE_CHECK(logits.size() == workspace.vocab_size());
  SPYRE_CHECK(token >= 0 && static_cast<size_t>(token) < logits.size());
  const double log_sum = log_sum_exp(logits);
  return {.token = score_token(logits, token, log_sum),
          .num_best = score_best(logits, best, log_sum, workspace)};
}

}  // namespace spyre::sample
