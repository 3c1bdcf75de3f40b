// Text to token ids and back. A tokenizer is read from a model folder (tokenizer.json and its
// config files) or rebuilt from a GGUF file's metadata; both become the same library's tokenizer.
// It knows nothing of models: ids above its vocabulary, which models with padded rows may emit, are
// tokens without text. Const use is safe from many threads at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

struct SpyreTextSpan;
struct SpyreTextTokenizer;

namespace spyre::text {

// How many tokens may stay, special ones counted, and at which end of a text the others are lost.
struct Truncation {
  enum class Side : uint8_t { kRight, kLeft };
  std::optional<int64_t> max_tokens;  // none: all stay
  Side side = Side::kRight;
};

// A text, or two in one sequence, as cross-encoders read them.
struct EncodedText {
  std::vector<int32_t> ids;       // [tokens]
  std::vector<int32_t> type_ids;  // [tokens]; which text the token belongs to, as the model counts
  int64_t whole_tokens = 0;       // before truncation; more than tokens when some were lost
};

class Tokenizer {
 public:
  // Reads tokenizer.json, and tokenizer_config.json and special_tokens_map.json where they exist.
  // Errors: kNotFound (no tokenizer.json), kDataLoss (a damaged file; names it), kIo.
  static Result<Tokenizer> load(const std::filesystem::path& folder);

  // metadata: one object with every `tokenizer.*` key of a GGUF file. Models gpt2, llama and bert.
  // Errors: kUnsupported (another model or pre-tokenizer), kDataLoss (a key missing or wrong).
  static Result<Tokenizer> from_gguf(const Json& metadata);

  // text: UTF-8, any length, NUL included. Added tokens that the text spells out are parsed.
  // add_special_tokens: also those that the model wants around a text (BOS, ...).
  // Errors: kInvalidArgument (not UTF-8; says where).
  Result<std::vector<int32_t>> encode(std::string_view text, bool add_special_tokens) const;
  // The same with what is needed to cut a text to a length; special tokens stay. Errors too:
  // kInvalidArgument (the limit has no room for the special tokens; says how many there are).
  Result<EncodedText> encode_within(std::string_view text, bool add_special_tokens,
                                    const Truncation& truncation) const;
  // Two texts lose their tokens from the longer one first, then in equal parts.
  Result<EncodedText> encode_pair(std::string_view first, std::string_view second,
                                  bool add_special_tokens, const Truncation& truncation = {}) const;

  // Always valid UTF-8; bytes that are none become U+FFFD. Ids without a token give no text.
  // Errors: kInvalidArgument (a negative id).
  Result<std::string> decode(std::span<const int32_t> ids, bool skip_special_tokens) const;

  // The bytes that a token stands for, as they are: need not be whole characters. Empty for an id
  // without a token. Errors: kInvalidArgument (a negative id).
  Result<std::string> token_text(int32_t id) const;

  // The id of the token that the vocabulary writes so ("<|im_end|>").
  std::optional<int32_t> token_id(std::string_view token) const;

  int64_t vocab_size() const { return vocab_size_; }  // highest id + 1
  std::optional<int32_t> bos_id() const { return bos_id_; }
  std::optional<int32_t> eos_id() const { return eos_id_; }
  // {"bos_token": text, "eos_token": text} of those that there are: variables of chat templates.
  Json special_tokens() const;
  // Tokens that end a turn: EOS, and what a GGUF file calls end of turn or end of message.
  const std::vector<int32_t>& stop_ids() const { return stop_ids_; }

 private:
  friend class GrammarCompiler;
  friend class IncrementalDecoder;
  struct Free {
    void operator()(SpyreTextTokenizer* tokenizer) const;
  };
  using Handle = std::unique_ptr<SpyreTextTokenizer, Free>;

  Tokenizer() = default;
  static Result<Tokenizer> own(Handle handle);
  // second: null data for none.
  Result<EncodedText> encode_texts(SpyreTextSpan first, SpyreTextSpan second,
                                   bool add_special_tokens, const Truncation& truncation) const;

  Handle handle_;
  int64_t vocab_size_ = 0;
  std::optional<int32_t> bos_id_;
  std::optional<int32_t> eos_id_;
  std::vector<int32_t> stop_ids_;
};

}  // namespace spyre::text
