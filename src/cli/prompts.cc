#include "cli/prompts.h"

#include <array>
#include <string_view>

namespace spyre::cli {

Result<std::vector<int32_t>> token_id_list(const Json& list, std::string_view field) {
  if (!list.is_array()) {
    return error(Code::kInvalidArgument, "{}: wanted a list of token ids, found {}", field,
                 list.type_name());
  }
  std::vector<int32_t> ids;
  for (const Json& each : list) {
    const bool fits =
        each.is_number_integer() && each.get<int64_t>() >= 0 && each.get<int64_t>() <= INT32_MAX;
    if (!fits) {
      return error(Code::kInvalidArgument, "{}: wanted a list of token ids, found {} in it", field,
                   each.dump());
    }
    ids.push_back(each.get<int32_t>());
  }
  return ids;
}

Result<std::vector<int32_t>> text_prompt(const text::Tokenizer& tokenizer, std::string_view text) {
  return tokenizer.encode(text, true);
}

Result<std::vector<int32_t>> chat_prompt(const text::Tokenizer& tokenizer,
                                         const std::optional<text::ChatTemplate>& chat_template,
                                         const Json& messages, const Json& tools) {
  if (!chat_template) {
    return error(Code::kInvalidArgument,
                 "this model has no chat template; give the prompt as text (--prompt)");
  }
  SPYRE_TRY_ASSIGN(const std::string rendered,
                   chat_template->render({.messages = messages, .tools = tools}));
  return tokenizer.encode(rendered, false);
}

Result<std::vector<int32_t>> request_prompt(const text::Tokenizer& tokenizer,
                                            const std::optional<text::ChatTemplate>& chat_template,
                                            const Json& request) {
  constexpr std::array<std::string_view, 3> kSources = {"prompt", "prompt_token_ids", "messages"};
  int sources = 0;
  for (const std::string_view source : kSources) sources += request.contains(source) ? 1 : 0;
  if (sources != 1) {
    return error(Code::kInvalidArgument,
                 "wanted exactly one of prompt, prompt_token_ids and messages, found {}", sources);
  }
  if (request.contains("messages")) {
    const Json tools = request.contains("tools") ? request["tools"] : Json(nullptr);
    return chat_prompt(tokenizer, chat_template, request["messages"], tools);
  }
  const std::string_view field = request.contains("prompt") ? "prompt" : "prompt_token_ids";
  const Json& prompt = request[field];
  if (prompt.is_string() && field == "prompt") {
    return text_prompt(tokenizer, prompt.get<std::string>());
  }
  return token_id_list(prompt, field);
}

}  // namespace spyre::cli
