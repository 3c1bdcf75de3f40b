// The passes over a row of logits: maximum, first maximum, sum of exponentials. Each is written in
// fixed lanes of plain float arithmetic with an exponential of our own, so that compilers vectorise
// it and every machine gives the same bits. Which tokens take part is a Cut: every filter of
// sampling (min_p, top_k, top_p) ends as one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace spyre::sample {

// Tokens are ordered by logit, larger first, equal logits by id, lower first. A cut keeps a
// beginning of that order, up to and with (logit, last_id); the default keeps everything.
struct Cut {
  float logit = -std::numeric_limits<float>::infinity();
  int32_t last_id = std::numeric_limits<int32_t>::max();

  // No branches: it stands in vectorised loops.
  bool keeps(float x, int32_t id) const {
    return static_cast<bool>(static_cast<int>(x > logit) |
                             (static_cast<int>(x == logit) & static_cast<int>(id <= last_id)));
  }
};

// A token's weight is exp((logit - max) * inverse_temperature), 0 when the cut drops it.
struct Weighting {
  float max = 0;  // of the row: weights are in [0, 1]
  float inverse_temperature = 1;
  Cut cut = {};
};

// Sums of this many tokens' weights are taken in float, sums of those in double.
inline constexpr size_t kBlockTokens = 256;

// The largest logit; NaNs are passed over; -inf when there is nothing else.
float max_logit(std::span<const float> logits);

// The same, or NaN where a logit is one.
float max_or_nan(std::span<const float> logits);

// The lowest id whose logit equals `max`, which is that of the row.
int32_t first_max(std::span<const float> logits, float max);

float weight(float logit, int32_t id, const Weighting& weighting);

// The sum of the weights of ids [first_id, first_id + logits.size()), at most kBlockTokens of them.
float block_weight(std::span<const float> logits, int32_t first_id, const Weighting& weighting);

// The sum of all weights. NaN when a kept logit is NaN, or when max is infinite.
double total_weight(std::span<const float> logits, const Weighting& weighting);

// log(sum of exp(logit)), the normaliser of log-probabilities. NaN when a logit is NaN or +inf, or
// when all are -inf.
double log_sum_exp(std::span<const float> logits);

}  // namespace spyre::sample
