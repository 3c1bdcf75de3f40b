// Who is told of a request's progress. The calls come on the engine's thread and must neither block
// nor call the engine.
#pragma once

#include <span>
#include <string_view>

#include "engine/request.h"

namespace spyre::engine {

// What a choice gained since the last call: its tokens, and the text that no later token can
// change. The text lags behind the tokens inside a UTF-8 character and inside what may become a
// stop string. A sampled choice tells of each token, even one without text; beams tell of
// everything at their end. A choice that was aborted gets no delta for that.
struct Delta {
  int32_t choice = 0;
  std::string_view text = {};
  std::span<const int32_t> token_ids = {};
  std::span<const TokenOutput> logprobs = {};  // of token_ids; empty unless asked for
  bool finished = false;
  sample::FinishReason finish_reason = sample::FinishReason::kAbort;  // when finished
  sample::StopReason stop_reason = {};
  int64_t cached_tokens = 0;  // of the prompt, found in blocks of others
};

class Listener {
 public:
  virtual ~Listener() = default;
  // The prompt is through (once per request, before its first delta), with the log-probabilities of
  // its tokens 1, 2, ... if they were asked for.
  virtual void on_prompt(RequestId id, std::span<const TokenOutput> prompt_logprobs) {
    (void)id;
    (void)prompt_logprobs;
  }
  virtual void on_delta(RequestId id, const Delta& delta) = 0;
  // The last call for this request.
  virtual void on_finished(RequestId id, RequestOutput output) = 0;
};

}  // namespace spyre::engine
