// Log-probabilities in the two forms of the API: columns for completions, objects for chat, and the
// maps of prompt_logprobs. What has no finite value is written as -9999.0.
#pragma once

#include <span>

#include "engine/request.h"
#include "serve/openai/json_writer.h"
#include "text/tokenizer.h"

namespace spyre::serve::openai {

struct LogprobStyle {
  const text::Tokenizer& tokenizer;
  int32_t top = 0;             // likeliest tokens to list; -1: all that there are
  bool tokens_as_ids = false;  // "token_id:5" instead of a token's text
};

// A token to list: the first of a prompt has no log-probability.
struct ScoredToken {
  int32_t id = 0;
  const engine::TokenOutput* score = nullptr;
};

// {"text_offset", "token_logprobs", "tokens", "top_logprobs"}; offset: characters before the first
// of these tokens, moved on behind the last.
void write_completion_logprobs(JsonWriter& writer, const LogprobStyle& style,
                               std::span<const ScoredToken> tokens, int64_t& offset);

// {"content": [{"token", "logprob", "bytes", "top_logprobs"}, ...]}
void write_chat_logprobs(JsonWriter& writer, const LogprobStyle& style,
                         std::span<const engine::TokenOutput> tokens);

// [null, {"<id>": {"logprob", "rank", "decoded_token"}, ...}, ...]; of prompt tokens 1, 2, ...
void write_prompt_logprobs(JsonWriter& writer, const LogprobStyle& style,
                           std::span<const engine::TokenOutput> tokens);

}  // namespace spyre::serve::openai
