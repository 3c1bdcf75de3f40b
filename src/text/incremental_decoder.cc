#include "text/incremental_decoder.h"

#include "text/rust.h"

namespace spyre::text {

void IncrementalDecoder::Free::operator()(SpyreTextStream* stream) const {
  spyre_text_stream_free(stream);
}

Result<IncrementalDecoder> IncrementalDecoder::create(const Tokenizer& tokenizer,
                                                      bool skip_special_tokens,
                                                      std::span<const int32_t> prompt,
                                                      std::span<const int32_t> shown) {
  SpyreTextStream* raw = nullptr;
  SPYRE_TRY(rust::call(spyre_text_stream_new, tokenizer.handle_.get(), skip_special_tokens,
                       shown.data(), shown.size(), prompt.data(), prompt.size(), &raw));
  return IncrementalDecoder(raw);
}

Result<std::string> IncrementalDecoder::push(int32_t id) {
  rust::String text;
  SPYRE_TRY(rust::call(spyre_text_stream_push, stream_.get(), id, text.out()));
  return text.copy();
}

std::string IncrementalDecoder::flush() {
  // Only a decoder that fails on tokens it took before could fail here; then there is no text.
  rust::String text;
  if (!rust::call(spyre_text_stream_flush, stream_.get(), text.out())) return {};
  return text.copy();
}

}  // namespace spyre::text
