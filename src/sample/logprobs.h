// Log-probabilities of the model itself: log_softmax of the logits as they came, before any
// processing (vLLM's default, raw_logprobs). Serves sampled tokens, prompt tokens and the
// candidates of beam search.
#pragma once

#include <cstdint>
#include <span>

#include "sample/workspace.h"

namespace spyre::sample {

struct TokenLogprob {
  int32_t id = 0;
  float logprob = 0;
  int32_t rank =
      0;  // 1 + number of tokens that come before it: larger logit, or equal and lower id
};

struct Score {
  TokenLogprob token;
  size_t num_best = 0;  // entries of `best` that were filled
};

// Where logits have no distribution (a NaN, +inf, or all -inf) log_sum_exp is NaN; every entry
// below then gets a NaN logprob and rank 0, and no entry counts as filled.

// One token, under a known log_sum_exp(logits).
TokenLogprob score_token(std::span<const float> logits, int32_t token, double log_sum);

// Fills `best` with the likeliest tokens, likeliest first, and returns how many: best.size(), at
// most the vocabulary. logits: [vocab_size of the workspace]. Allocates nothing.
size_t score_best(std::span<const float> logits, std::span<TokenLogprob> best, double log_sum,
                  Workspace& workspace);

// Both. token: inside the vocabulary. Allocates nothing.
Score score(std::span<const float> logits, int32_t token, std::span<TokenLogprob> best,
            Workspace& workspace);

}  // namespace spyre::sample
