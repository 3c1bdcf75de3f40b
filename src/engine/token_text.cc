#include "engine/token_text.h"

namespace spyre::engine {

Result<TokenText> TokenText::create(const text::Tokenizer& tokenizer,
                                    std::span<const int32_t> prompt,
                                    const sample::SamplingParams& params) {
  SPYRE_TRY_ASSIGN(auto decoder,
                   text::IncrementalDecoder::create(tokenizer, params.skip_special_tokens, prompt,
                                                    params.shown_special_tokens));
  return TokenText(std::move(decoder), sample::StopChecker(params));
}

Result<std::optional<std::string>> TokenText::push(int32_t token, int64_t generated_tokens,
                                                   std::string& out) {
  SPYRE_TRY_ASSIGN(const std::string piece, decoder_.push(token));
  const auto hit = stops_.push(piece, generated_tokens, out);
  if (!hit) return std::nullopt;
  return std::string(*hit);
}

std::optional<std::string> TokenText::flush(int64_t generated_tokens, std::string& out) {
  const auto hit = stops_.push(decoder_.flush(), generated_tokens, out);
  if (hit) return std::string(*hit);
  stops_.flush(out);
  return std::nullopt;
}

}  // namespace spyre::engine
