#include "serve/openai/prompts.h"

#include <algorithm>

#include "serve/openai/field_types.h"
#include "serve/openai/json_writer.h"

namespace spyre::serve::openai {

namespace {

// Texts up to the first length are always tokenized; of longer ones so many bytes a token of the
// context, far more than tokens have.
constexpr int64_t kLeastTextBytes = int64_t{1} << 20;
constexpr int64_t kBytesPerToken = 64;

std::vector<int32_t> ids_of(const Json& list) {
  std::vector<int32_t> ids;
  ids.reserve(list.size());
  for (const Json& each : list) ids.push_back(static_cast<int32_t>(*integer_of(each)));
  return ids;
}

ApiResult<Prompt> text_prompt(const Service& service, const RequestFields& fields,
                              std::string text) {
  Prompt prompt;
  SPYRE_TRY_ASSIGN(prompt.ids,
                   encode(service, text, fields.add_special_tokens.value_or(true), "prompt"));
  prompt.text = std::move(text);
  return prompt;
}

ApiResult<Prompt> ids_prompt(const Service& service, const RequestFields& fields,
                             const Json& list) {
  Prompt prompt{ids_of(list), ""};
  if (fields.echo) {
    auto text = service.tokenizer.decode(prompt.ids, false);
    if (!text) return std::unexpected(from_error(text.error(), "prompt"));
    prompt.text = std::move(*text);
  }
  return prompt;
}

ApiResult<Prompt> one_prompt(const Service& service, const RequestFields& fields,
                             const Json& json) {
  auto prompt = json.is_string() ? text_prompt(service, fields, json.get<std::string>())
                                 : ids_prompt(service, fields, json);
  if (!prompt) return prompt;
  truncate(prompt->ids, fields, service.max_model_len);
  SPYRE_TRY(check_length(prompt->ids, service.max_model_len, "prompt"));
  return prompt;
}

// The text of a part; bad_value when it is none.
ApiResult<std::string> part_text(const Json& part) {
  const auto type = part["type"].get<std::string>();
  const char* name = type == "refusal" ? "refusal" : "text";
  if (type != name) {
    return bad_value("messages",
                     fmt::format("messages: wanted parts of type text, found {}: this model reads "
                                 "text only",
                                 found_words(part["type"])));
  }
  if (!part.contains(name) || part[name].is_null()) {
    return bad_value("messages", fmt::format("messages: wanted a part with {}", name));
  }
  return part[name].get<std::string>();
}

ApiResult<Json> template_content(const Json& message, ContentFormat format) {
  const auto content = message.find("content");
  std::vector<std::string> texts;
  if (content != message.end() && content->is_string()) {
    texts.push_back(content->get<std::string>());
  } else if (content != message.end() && content->is_array()) {
    for (const Json& part : *content) {
      SPYRE_TRY_ASSIGN(texts.emplace_back(), part_text(part));
    }
  }
  if (format == ContentFormat::kText) return Json(fmt::format("{}", fmt::join(texts, "\n")));
  Json parts = Json::array();
  for (std::string& text : texts) parts.push_back({{"type", "text"}, {"text", std::move(text)}});
  return parts;
}

// Clients send arguments as a string of JSON; templates print objects.
Json template_tool_calls(Json calls) {
  for (Json& call : calls) {
    const auto function = call.find("function");
    if (function == call.end() || !function->is_object()) continue;
    const auto arguments = function->find("arguments");
    if (arguments == function->end() || !arguments->is_string()) continue;
    const auto text = arguments->get<std::string>();
    if (text.empty()) {
      *arguments = Json::object();
    } else if (auto parsed = parse_json(text, "arguments"); parsed && parsed->is_object()) {
      *arguments = std::move(*parsed);
    }
  }
  return calls;
}

bool given(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && !found->is_null();
}

Json template_kwargs(const Service& service, const RequestFields& fields) {
  Json kwargs = service.options.default_template_kwargs;
  if (!fields.reasoning_effort.empty()) {
    kwargs["reasoning_effort"] = fields.reasoning_effort;
    kwargs["enable_thinking"] = fields.reasoning_effort != "none";
  }
  if (fields.chat_template_kwargs.is_object()) kwargs.update(fields.chat_template_kwargs);
  return kwargs;
}

// A template of the request's own, with the special tokens of the model's tokenizer.
ApiResult<text::ChatTemplate> request_template(const Service& service, const std::string& source) {
  if (!service.options.trust_request_chat_template) {
    return bad_value("chat_template",
                     "chat_template: templates of requests are refused here; the server's "
                     "--trust-request-chat-template allows them");
  }
  auto made = text::ChatTemplate::from_text(source, service.tokenizer.special_tokens());
  if (!made) {
    return bad_value("chat_template", fmt::format("chat_template: {}", made.error().message));
  }
  return std::move(*made);
}

ApiResult<std::string> render(const Service& service, const RequestFields& fields,
                              const text::ChatRequest& chat) {
  const text::ChatTemplate* chosen = service.chat_template ? &*service.chat_template : nullptr;
  std::optional<text::ChatTemplate> own;
  if (fields.chat_template) {
    SPYRE_TRY_ASSIGN(own, request_template(service, *fields.chat_template));
    chosen = &*own;
  }
  if (chosen == nullptr) {
    return bad_value("messages",
                     "messages: this model has no chat template; use /v1/completions, or start the "
                     "server with --chat-template");
  }
  auto text = chosen->render(chat);
  if (text) return std::move(*text);
  // What a template makes of messages is the client's doing, also when it works without end.
  return bad_value("messages", fmt::format("messages: {}", text.error().message));
}

}  // namespace

ApiResult<std::vector<Prompt>> completion_prompts(const Service& service,
                                                  const RequestFields& fields, const Json& prompt) {
  // A list of strings or of lists has several prompts; a string or a list of ids is one.
  const bool several = prompt.is_array() && !prompt.empty() && !prompt[0].is_number();
  const size_t count = several ? prompt.size() : 1;
  if (prompt.empty() || prompt == "") {
    return bad_value("prompt", "prompt: wanted at least one token, found an empty prompt");
  }
  if (std::cmp_greater(count, service.options.max_completion_prompts)) {
    return bad_value("prompt",
                     fmt::format("prompt: wanted at most {} prompts (VLLM_MAX_COMPLETION_PROMPTS), "
                                 "found {}",
                                 service.options.max_completion_prompts, count));
  }
  std::vector<Prompt> prompts;
  for (size_t i = 0; i < count; ++i) {
    SPYRE_TRY_ASSIGN(prompts.emplace_back(),
                     one_prompt(service, fields, several ? prompt[i] : prompt));
  }
  return prompts;
}

ApiResult<Prompt> chat_prompt(const Service& service, const RequestFields& fields,
                              const Json& messages) {
  if (messages.empty()) return bad_value("messages", "messages: wanted at least one, found none");
  text::ChatRequest chat{
      .messages = {},
      .tools = fields.tools,
      .documents = fields.documents,
      .add_generation_prompt =
          fields.add_generation_prompt.value_or(true) && !fields.continue_final_message,
      .continue_final_message = fields.continue_final_message,
      .kwargs = template_kwargs(service, fields),
  };
  SPYRE_TRY_ASSIGN(chat.messages, template_messages(messages, service.options.content_format));
  Prompt prompt;
  SPYRE_TRY_ASSIGN(prompt.text, render(service, fields, chat));
  SPYRE_TRY_ASSIGN(prompt.ids, encode(service, prompt.text,
                                      fields.add_special_tokens.value_or(false), "messages"));
  return prompt;
}

ApiStatus check_text_bytes(int64_t context_tokens, size_t bytes, std::string_view field) {
  const int64_t most = std::max(kLeastTextBytes, kBytesPerToken * context_tokens);
  if (std::cmp_less_equal(bytes, most)) return {};
  return bad_value(field, fmt::format("{}: wanted text of at most {} bytes for a context of {} "
                                      "tokens, found {} bytes",
                                      field, most, context_tokens, bytes));
}

ApiResult<std::vector<int32_t>> encode(const Service& service, std::string_view text,
                                       bool add_special_tokens, std::string_view field) {
  SPYRE_TRY(check_text_bytes(service.max_model_len, text.size(), field));
  auto ids = service.tokenizer.encode(text, add_special_tokens);
  if (!ids) return std::unexpected(from_error(ids.error(), std::string(field)));
  return std::move(*ids);
}

ApiResult<Json> template_messages(const Json& messages, ContentFormat format) {
  Json list = Json::array();
  for (const Json& message : messages) {
    Json out = message;
    SPYRE_TRY_ASSIGN(out["content"], template_content(message, format));
    if (given(message, "tool_calls")) {
      out["tool_calls"] = template_tool_calls(message["tool_calls"]);
    } else {
      out.erase("tool_calls");
    }
    for (const auto& [name, other] : {std::pair("reasoning", "reasoning_content"),
                                      std::pair("reasoning_content", "reasoning")}) {
      if (given(message, name) && !given(message, other)) out[other] = message[name];
    }
    list.push_back(std::move(out));
  }
  return list;
}

ContentFormat content_format_of(const text::ChatTemplate& chat_template) {
  constexpr std::string_view kProbe = "spyreprobe";
  const auto shows = [&](const Json& content) {
    const auto text =
        chat_template.render({.messages = {{{"role", "user"}, {"content", content}}}});
    return text && text->find(kProbe) != std::string::npos;
  };
  if (shows(kProbe)) return ContentFormat::kText;
  const bool parts = shows(Json::array({{{"type", "text"}, {"text", kProbe}}}));
  return parts ? ContentFormat::kParts : ContentFormat::kText;
}

std::string echoed_text(const Json& messages, std::string_view role) {
  const Json& last = messages.back();
  if (last["role"] != role) return "";
  const auto content = template_content(last, ContentFormat::kText);
  return content ? content->get<std::string>() : "";
}

void truncate(std::vector<int32_t>& ids, const RequestFields& fields, int64_t max_model_len) {
  if (!fields.truncate_prompt_tokens) return;
  int64_t keep = *fields.truncate_prompt_tokens;
  if (keep < 0) {
    keep = std::max<int64_t>(
        max_model_len - std::max<int64_t>(fields.sampling.max_tokens.value_or(1), 1), 1);
  }
  if (std::cmp_less_equal(ids.size(), keep)) return;
  if (fields.truncation_side == "right") {
    ids.resize(static_cast<size_t>(keep));
  } else {
    ids.erase(ids.begin(), ids.end() - keep);
  }
}

ApiStatus check_length(const std::vector<int32_t>& ids, int64_t max_model_len,
                       std::string_view field) {
  if (ids.empty()) {
    return bad_value(field, fmt::format("{}: wanted at least one token, found none", field));
  }
  if (std::cmp_less(ids.size(), max_model_len)) return {};
  return bad_value(field,
                   fmt::format("This model's maximum context length is {} tokens. However, your "
                               "prompt has {} tokens, which leaves no room for an answer. Shorten "
                               "it, or ask for truncate_prompt_tokens.",
                               max_model_len, ids.size()));
}

}  // namespace spyre::serve::openai
