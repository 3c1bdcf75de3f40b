// Any bytes as a chat template, rendered with tools and a nested message: it renders, or it is an
// error, in bounded time and memory.
#include <string_view>

#include "text/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  using spyre::Json;
  static const Json kMessages = {
      {{"role", "system"}, {"content", "Be é."}},
      {{"role", "user"}, {"content", {{{"type", "text"}, {"text", " a b "}}}}},
      {{"role", "assistant"}, {"content", "c"}, {"tool_calls", {{{"id", 1.5}}}}}};
  const std::string_view source(reinterpret_cast<const char*>(data), bytes);
  const Json metadata = {{"tokenizer.ggml.tokens", {"<s>", "</s>"}},
                         {"tokenizer.ggml.bos_token_id", 0},
                         {"tokenizer.chat_template", source}};
  const auto chat_template = spyre::text::ChatTemplate::from_gguf(metadata);
  if (!chat_template) return 0;
  for (const bool continued : {false, true}) {
    const auto rendered =
        (*chat_template)
            ->render({.messages = kMessages,
                      .tools = {{{"type", "function"}, {"function", {{"name", "f"}}}}},
                      .add_generation_prompt = !continued,
                      .continue_final_message = continued,
                      .now_unix_s = 1'700'000'000});
    SPYRE_CHECK(rendered || rendered.error().code != spyre::Code::kInternal);
  }
  return 0;
}
