// What the engine is asked for and what it answers: token ids in, tokens and text out. Where a
// request came from (a file, a terminal, a socket) is not known here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sample/beam_search.h"
#include "sample/finish.h"
#include "sample/logprobs.h"
#include "sample/params.h"
#include "text/grammar.h"

namespace spyre::engine {

using RequestId = uint64_t;

// A request for the vector of its prompt instead of text.
struct PoolingInputs {
  std::vector<int32_t> token_types = {};  // of each token of the prompt; empty: all 0
};

struct Request {
  std::vector<int32_t> prompt;         // token ids, at least one
  sample::SamplingParams params = {};  // max_tokens is set
  std::optional<sample::BeamSearchParams> beam =
      {};  // replaces sampling; params give stops and text rules
  // Number of its first choice, and of that choice's random stream: choices [4, 8) of a request may
  // run as a request of their own.
  int32_t first_choice = 0;
  int64_t priority = 0;  // the lower, the sooner, where the scheduler looks at it
  // Only requests of the same salt may find its KV blocks.
  std::optional<std::string> cache_salt = {};
  std::shared_ptr<const text::Grammar> grammar = {};  // each choice follows it; null: free
  std::optional<PoolingInputs> pooling = {};  // what a pooling model needs; none: text is wanted
};

// A token with its log-probability, 1-based rank, and the likeliest tokens, best first.
struct TokenOutput {
  int32_t id = 0;
  float logprob = 0;
  int32_t rank = 0;
  std::vector<sample::TokenLogprob> top = {};
};

struct Completion {
  int32_t index = 0;  // among the request's choices
  std::vector<int32_t> token_ids = {};
  std::string text = {};
  sample::FinishReason finish_reason = sample::FinishReason::kAbort;  // until it ends by itself
  sample::StopReason stop_reason = {};
  std::vector<TokenOutput> logprobs = {};  // empty unless asked for
  double cumulative_logprob = 0;
};

struct Timings {
  double prefill_seconds = 0;  // from the first prompt step to the first token
  double decode_seconds = 0;   // from the first token to the last
};

struct RequestOutput {
  std::vector<TokenOutput> prompt_logprobs =
      {};  // of prompt tokens 1, 2, ...; empty unless asked for
  std::vector<Completion> completions = {};
  // Of a pooling request: what the model's head makes of the prompt, before normalisation and
  // activation. [checkpoint::Pooling::columns()]
  std::vector<float> pooled = {};
  Timings timings = {};
  int64_t cached_tokens = 0;        // of the prompt, found in blocks of others
  std::optional<Error> error = {};  // the request failed: completions hold what was made before
};

}  // namespace spyre::engine
