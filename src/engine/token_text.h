// The text of one choice as its tokens come: incremental decoding, then the search for stop
// strings. Text is handed out only when no later token can change or stop it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sample/stop_checker.h"
#include "text/incremental_decoder.h"

namespace spyre::engine {

class TokenText {
 public:
  // Errors: those of the decoder.
  static Result<TokenText> create(const text::Tokenizer& tokenizer, std::span<const int32_t> prompt,
                                  const sample::SamplingParams& params);

  // Adds a token's text to `out`, as far as it is certain. Returns the stop string that it
  // completed, if any. generated_tokens counts this token.
  Result<std::optional<std::string>> push(int32_t token, int64_t generated_tokens,
                                          std::string& out);
  // The rest, when the choice ended; it too may complete a stop string.
  std::optional<std::string> flush(int64_t generated_tokens, std::string& out);

 private:
  TokenText(text::IncrementalDecoder decoder, sample::StopChecker stops)
      : decoder_(std::move(decoder)), stops_(std::move(stops)) {}

  text::IncrementalDecoder decoder_;
  sample::StopChecker stops_;
};

}  // namespace spyre::engine
