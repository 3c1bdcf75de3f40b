#include "text/tokenizer.h"

#include <algorithm>

#include "text/folder_file.h"
#include "text/rust.h"

namespace spyre::text {

namespace {

std::optional<int32_t> optional_id(int64_t id) {
  if (id < 0) return std::nullopt;
  return static_cast<int32_t>(id);
}

}  // namespace

void Tokenizer::Free::operator()(SpyreTextTokenizer* tokenizer) const {
  spyre_text_tokenizer_free(tokenizer);
}

Result<Tokenizer> Tokenizer::load(const std::filesystem::path& folder) {
  SPYRE_TRY_ASSIGN(const FolderFile tokenizer, FolderFile::open(folder, "tokenizer.json"));
  SPYRE_TRY_ASSIGN(const FolderFile config, FolderFile::open(folder, "tokenizer_config.json"));
  SPYRE_TRY_ASSIGN(const FolderFile special, FolderFile::open(folder, "special_tokens_map.json"));
  if (!tokenizer.exists()) {
    return error(Code::kNotFound, "{}: wanted tokenizer.json in the model's folder, found none",
                 folder.string());
  }
  const SpyreTextTokenizerFiles files{tokenizer.span(), config.span(), special.span()};
  SpyreTextTokenizer* raw = nullptr;
  const Status made = rust::call(spyre_text_tokenizer_from_files, &files, &raw);
  Handle handle(raw);
  if (!made) return error(made.error().code, "{}: {}", folder.string(), made.error().message);
  return own(std::move(handle));
}

Result<Tokenizer> Tokenizer::from_gguf(const Json& metadata) {
  const std::string text = metadata.dump(-1, ' ', false, Json::error_handler_t::replace);
  SpyreTextTokenizer* raw = nullptr;
  const Status made = rust::call(spyre_text_tokenizer_from_gguf, rust::span(text), &raw);
  Handle handle(raw);
  SPYRE_TRY(made);
  return own(std::move(handle));
}

Result<Tokenizer> Tokenizer::own(Handle handle) {
  Tokenizer tokenizer;
  const SpyreTextTokenizerFacts facts = spyre_text_tokenizer_facts(handle.get());
  tokenizer.vocab_size_ = facts.vocab_size;
  tokenizer.bos_id_ = optional_id(facts.bos_id);
  tokenizer.eos_id_ = optional_id(facts.eos_id);
  rust::Ids stops;
  SPYRE_TRY(rust::call(spyre_text_stop_ids, handle.get(), stops.out()));
  tokenizer.stop_ids_ = stops.ids();
  tokenizer.handle_ = std::move(handle);
  return tokenizer;
}

Result<std::vector<int32_t>> Tokenizer::encode(std::string_view text,
                                               bool add_special_tokens) const {
  rust::Ids encoded;
  SPYRE_TRY(rust::call(spyre_text_encode, handle_.get(), rust::span(text), add_special_tokens,
                       encoded.out()));
  return encoded.ids();
}

Result<EncodedText> Tokenizer::encode_within(std::string_view text, bool add_special_tokens,
                                             const Truncation& truncation) const {
  return encode_texts(rust::span(text), rust::absent(), add_special_tokens, truncation);
}

Result<EncodedText> Tokenizer::encode_pair(std::string_view first, std::string_view second,
                                           bool add_special_tokens,
                                           const Truncation& truncation) const {
  return encode_texts(rust::span(first), rust::span(second), add_special_tokens, truncation);
}

Result<EncodedText> Tokenizer::encode_texts(SpyreTextSpan first, SpyreTextSpan second,
                                            bool add_special_tokens,
                                            const Truncation& truncation) const {
  const SpyreTextTruncation limit{
      static_cast<size_t>(std::max<int64_t>(0, truncation.max_tokens.value_or(0))),
      truncation.side == Truncation::Side::kLeft};
  rust::Ids encoded;
  SPYRE_TRY(rust::call(spyre_text_encode_within, handle_.get(), first, second, add_special_tokens,
                       truncation.max_tokens ? &limit : nullptr, encoded.out()));
  return EncodedText{encoded.ids(), encoded.type_ids(), encoded.whole_count()};
}

Result<std::string> Tokenizer::decode(std::span<const int32_t> ids,
                                      bool skip_special_tokens) const {
  rust::String text;
  SPYRE_TRY(rust::call(spyre_text_decode, handle_.get(), ids.data(), ids.size(),
                       skip_special_tokens, text.out()));
  return text.copy();
}

Result<std::string> Tokenizer::token_text(int32_t id) const {
  rust::String text;
  SPYRE_TRY(rust::call(spyre_text_token_bytes, handle_.get(), id, text.out()));
  return text.copy();
}

Json Tokenizer::special_tokens() const {
  Json tokens = Json::object();
  const auto add = [&](const char* variable, std::optional<int32_t> id) {
    if (!id) return;
    if (auto text = token_text(*id)) tokens[variable] = std::move(*text);
  };
  add("bos_token", bos_id_);
  add("eos_token", eos_id_);
  return tokens;
}

std::optional<int32_t> Tokenizer::token_id(std::string_view token) const {
  return optional_id(spyre_text_token_id(handle_.get(), rust::span(token)));
}

}  // namespace spyre::text
