// Chat templates: messages to prompt text, as transformers renders them (Jinja2 with trim_blocks,
// lstrip_blocks, loop controls, tojson in the client's key order, raise_exception, strftime_now and
// generation blocks). Templates come with models and are not trusted: work, memory and depth have
// limits. Const use is safe from many threads at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

struct SpyreTextTemplate;

namespace spyre::text {

struct ChatRequest {
  Json messages;                           // a list of {"role": ..., "content": ...}
  Json tools = nullptr;                    // a list of tool definitions, or null
  Json documents = nullptr;                // a list, or null
  bool add_generation_prompt = true;       // end with the beginning of the assistant's answer
  bool continue_final_message = false;     // end inside the last message; excludes the one above
  Json kwargs = Json::object();            // more variables of the template
  std::optional<int64_t> now_unix_s = {};  // for strftime_now; the machine's clock when absent
};

class ChatTemplate {
 public:
  // chat_template.jinja, else chat_template.json, else chat_template of tokenizer_config.json (one
  // template, or named ones). Nothing when the model has none.
  // Errors: kDataLoss (a damaged file), kUnsupported (a template that does not compile), kIo.
  static Result<std::optional<ChatTemplate>> load(const std::filesystem::path& folder);

  // metadata: one object with every `tokenizer.*` key of a GGUF file. Errors: as load.
  static Result<std::optional<ChatTemplate>> from_gguf(const Json& metadata);

  // A template from elsewhere than the model. special_tokens: its variables, such as
  // Tokenizer::special_tokens(). Errors: kInvalidArgument (no text at all), kUnsupported (does not
  // compile; says where), kDataLoss (not UTF-8).
  static Result<ChatTemplate> from_text(std::string_view source, const Json& special_tokens);

  // Errors: kInvalidArgument (the template refuses the messages: its own words, as they are; or it
  // fails: what and in which line; or a field of the request is wrong), kResourceExhausted (too
  // much work). With tools, a template called tool_use is preferred.
  Result<std::string> render(const ChatRequest& request) const;

 private:
  struct Free {
    void operator()(SpyreTextTemplate* chat_template) const;
  };
  explicit ChatTemplate(SpyreTextTemplate* chat_template) : template_(chat_template) {}
  static std::optional<ChatTemplate> own(SpyreTextTemplate* chat_template);

  std::unique_ptr<SpyreTextTemplate, Free> template_;
};

}  // namespace spyre::text
