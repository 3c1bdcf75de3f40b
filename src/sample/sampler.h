// Chooses the tokens of one sequence. A row goes through, in vLLM's order: a grammar's mask;
// allowed_token_ids, bad_words, min_tokens and logit_bias; penalties; then the likeliest token, or
// temperature, min_p, top_k, top_p and a draw. Log-probabilities are those of the row as it came.
//
// A token depends on the parameters, the seed, the tokens so far and its row of logits, never on
// what else runs. What is text, and when a sequence ends, is not known here.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "sample/filters.h"
#include "sample/logit_edits.h"
#include "sample/logprobs.h"
#include "sample/params.h"
#include "sample/penalties.h"
#include "sample/random.h"
#include "sample/workspace.h"

namespace spyre::sample {

struct Token {
  int32_t id = 0;
  float logprob = 0;    // 0 when neither logprobs nor cumulative_logprob are wanted
  int32_t rank = 0;     // 1-based, as TokenLogprob; 0 when logprobs are not wanted
  size_t num_best = 0;  // entries of `best` that were filled
};

// Copyable: a copy goes on as the original would.
class SequenceSampler {
 public:
  // params: validated against vocab_size. prompt: token ids, needed by the repetition penalty.
  // stream: index of the choice among n; entropy: the seed of a request that has none.
  SequenceSampler(const SamplingParams& params, std::span<const int32_t> prompt, int64_t vocab_size,
                  uint32_t stream, uint64_t entropy);

  // The next token. logits: [vocab_size], left as they are. best: takes the likeliest tokens, up to
  // best_capacity() of them. mask: a bit for each token that a grammar allows; empty: there is no
  // grammar. kInvalidArgument: the logits are NaN or infinite, or the request's own rules forbid
  // every token; the sequence then has not grown. Allocates nothing.
  Result<Token> sample(std::span<const float> logits, std::span<TokenLogprob> best,
                       Workspace& workspace, std::span<const uint32_t> mask = {});

  // How many of the likeliest tokens the request wants with each token.
  size_t best_capacity() const { return best_capacity_; }
  int64_t generated_tokens() const { return generated_tokens_; }

 private:
  std::span<const float> process(std::span<const float> logits, std::span<const uint32_t> mask,
                                 Workspace& workspace) const;
  // max: of the row.
  Result<int32_t> choose(std::span<const float> processed, float max, Workspace& workspace) const;

  int64_t vocab_size_;
  bool greedy_;
  bool logprobs_;
  bool cumulative_logprob_;
  Filters filters_;
  size_t best_capacity_;
  RandomStream random_;
  LogitEdits edits_;
  Penalties penalties_;
  int64_t generated_tokens_ = 0;
};

}  // namespace spyre::sample
