// Any JSON as a GGUF file's tokenizer metadata: a tokenizer that encodes, or an error.
#include <string_view>

#include "base/json.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  const std::string_view text(reinterpret_cast<const char*>(data), bytes);
  const auto metadata = spyre::parse_json(text, "metadata");
  if (!metadata) return 0;
  (void)spyre::text::ChatTemplate::from_gguf(*metadata);
  const auto tokenizer = spyre::text::Tokenizer::from_gguf(*metadata);
  if (!tokenizer) {
    SPYRE_CHECK(tokenizer.error().code != spyre::Code::kInternal);
    return 0;
  }
  const auto ids = tokenizer->encode("ab a\n<s>é😀", true);
  if (ids) SPYRE_CHECK(tokenizer->decode(*ids, false).has_value());
  return 0;
}
