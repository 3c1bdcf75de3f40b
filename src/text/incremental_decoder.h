// The text of generated tokens, one at a time. The pieces, joined, are the decoded text of all
// tokens that were pushed; a piece is always whole characters, so text that may still become
// another character (the text so far ends in U+FFFD) waits. The cost of a token does not grow with
// the text.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "text/tokenizer.h"

struct SpyreTextStream;

namespace spyre::text {

class IncrementalDecoder {
 public:
  // Goes on where `prompt` ends: its last tokens are context (whether a leading blank is printed, a
  // character that it began), its text is not repeated. Keeps what it needs of the tokenizer.
  // shown: special tokens that have text even when special tokens are skipped.
  // Errors: kInvalidArgument (a negative id in the prompt).
  static Result<IncrementalDecoder> create(const Tokenizer& tokenizer, bool skip_special_tokens,
                                           std::span<const int32_t> prompt,
                                           std::span<const int32_t> shown = {});

  // The text that became certain with this token, often none. Ids without a token give none.
  // Errors: kInvalidArgument (a negative id).
  Result<std::string> push(int32_t id);

  // What still waits, when no token follows. The decoder then starts afresh, without context.
  std::string flush();

 private:
  struct Free {
    void operator()(SpyreTextStream* stream) const;
  };
  explicit IncrementalDecoder(SpyreTextStream* stream) : stream_(stream) {}

  std::unique_ptr<SpyreTextStream, Free> stream_;
};

}  // namespace spyre::text
