#include "serve/openai/pooling_prompts.h"

#include <algorithm>

#include "serve/openai/field_types.h"
#include "serve/openai/generation_request.h"
#include "serve/openai/prompts.h"

namespace spyre::serve::openai {

namespace {

// One request holds at most so many texts: each has a vector in the answer.
constexpr size_t kMostInputs = 16384;

std::optional<int64_t> most_tokens(const Service& service, const RequestFields& fields) {
  if (!fields.truncate_prompt_tokens) return std::nullopt;
  const int64_t most = *fields.truncate_prompt_tokens;
  return most < 0 ? longest_input(service) : most;
}

void cut_ids(std::vector<int32_t>& ids, int64_t most, const RequestFields& fields) {
  if (std::cmp_less_equal(ids.size(), most)) return;
  if (fields.truncation_side == "left") {
    ids.erase(ids.begin(), ids.end() - most);
  } else {
    ids.resize(static_cast<size_t>(most));
  }
}

ApiStatus check_input_length(const Service& service, const PoolingPrompt& prompt,
                             std::string_view field, size_t index) {
  const int64_t most = longest_input(service);
  if (prompt.ids.empty()) {
    return bad_value(field, fmt::format("{}: wanted at least one token, found none", field));
  }
  if (std::cmp_less_equal(prompt.ids.size(), most)) return {};
  return bad_value(field, fmt::format("{}: This model's maximum context length is {} tokens. "
                                      "However, input {} has {} tokens. Shorten it, or ask for "
                                      "truncate_prompt_tokens.",
                                      field, most, index, prompt.ids.size()));
}

ApiResult<PoolingPrompt> ids_prompt(const Service& service, const RequestFields& fields,
                                    const Json& list, size_t index) {
  PoolingPrompt prompt;
  prompt.ids.reserve(list.size());
  for (const Json& each : list) prompt.ids.push_back(static_cast<int32_t>(*integer_of(each)));
  if (const auto most = most_tokens(service, fields)) cut_ids(prompt.ids, *most, fields);
  SPYRE_TRY(check_input_length(service, prompt, "input", index));
  return prompt;
}

// The prompt that the request names; empty where it names none.
std::string_view named_prompt(const Service& service, const RequestFields& fields) {
  if (!fields.prompt_name) return "";
  const auto found = service.pooling->prompts.find(*fields.prompt_name);
  return found == service.pooling->prompts.end() ? std::string_view() : found->second;
}

ApiStatus check_prompt_name(const Service& service, const RequestFields& fields) {
  const auto& prompts = service.pooling->prompts;
  if (!fields.prompt_name || prompts.contains(*fields.prompt_name)) return {};
  std::string known;
  for (const auto& [name, text] : prompts) known += (known.empty() ? "" : ", ") + name;
  return bad_value(
      "prompt_name",
      fmt::format("prompt_name: wanted one of the model's prompts ({}), found {}",
                  known.empty() ? "it has none" : known, found_words(*fields.prompt_name)));
}

}  // namespace

int64_t longest_input(const Service& service) {
  const int64_t own = service.pooling ? service.pooling->max_tokens : 0;
  return own > 0 ? std::min(own, service.max_model_len) : service.max_model_len;
}

ApiStatus check_inputs(const Service& service, const RequestFields& fields) {
  SPYRE_TRY(check_priority(service, fields));
  SPYRE_TRY(check_prompt_name(service, fields));
  const int64_t kept = fields.truncate_prompt_tokens.value_or(1);
  if (kept != 0 && kept <= longest_input(service)) return {};
  return bad_value("truncate_prompt_tokens",
                   fmt::format("truncate_prompt_tokens: wanted 1 to {} (what the model takes), or "
                               "-1, found {}",
                               longest_input(service), kept));
}

ApiResult<PoolingPrompt> text_prompt(const Service& service, const RequestFields& fields,
                                     std::string_view text, std::string_view field, size_t index) {
  PoolingPrompt prompt;
  SPYRE_TRY_ASSIGN(prompt.ids,
                   encode(service, text, fields.add_special_tokens.value_or(true), field));
  if (const auto most = most_tokens(service, fields)) cut_ids(prompt.ids, *most, fields);
  SPYRE_TRY(check_input_length(service, prompt, field, index));
  return prompt;
}

ApiResult<PoolingPrompt> pair_prompt(const Service& service, const RequestFields& fields,
                                     std::string_view first, std::string_view second,
                                     std::string_view field, size_t index) {
  SPYRE_TRY(check_text_bytes(service, first.size() + second.size(), field));
  auto pair = service.tokenizer.encode_pair(first, second, true);
  if (!pair) return std::unexpected(from_error(pair.error(), std::string(field)));
  PoolingPrompt prompt{.ids = std::move(pair->ids), .token_types = std::move(pair->type_ids)};
  if (const auto most = most_tokens(service, fields)) {
    cut_ids(prompt.ids, *most, fields);
    cut_ids(prompt.token_types, *most, fields);
  }
  SPYRE_TRY(check_input_length(service, prompt, field, index));
  return prompt;
}

ApiResult<std::vector<PoolingPrompt>> input_prompts(const Service& service,
                                                    const RequestFields& fields,
                                                    const Json& input) {
  const bool several = input.is_array() && (input.empty() || !input[0].is_number());
  const size_t count = several ? input.size() : 1;
  SPYRE_TRY(check_input_count(count, "input"));
  std::vector<PoolingPrompt> prompts(count);
  for (size_t i = 0; i < count; ++i) {
    const Json& each = several ? input[i] : input;
    if (!each.is_string()) {
      SPYRE_TRY_ASSIGN(prompts[i], ids_prompt(service, fields, each, i));
      continue;
    }
    const std::string text(named_prompt(service, fields));
    SPYRE_TRY_ASSIGN(prompts[i],
                     text_prompt(service, fields, text + each.get<std::string>(), "input", i));
  }
  return prompts;
}

ApiStatus check_input_count(size_t count, std::string_view field) {
  if (count > 0 && count <= kMostInputs) return {};
  return bad_value(field,
                   fmt::format("{}: wanted 1 to {} of them, found {}", field, kMostInputs, count));
}

ApiResult<PoolingPrompt> conversation_prompt(const Service& service, RequestFields fields,
                                             const Json& messages) {
  fields.add_generation_prompt = fields.add_generation_prompt.value_or(false);
  SPYRE_TRY_ASSIGN(Prompt chat, chat_prompt(service, fields, messages));
  PoolingPrompt prompt{.ids = std::move(chat.ids)};
  if (const auto most = most_tokens(service, fields)) cut_ids(prompt.ids, *most, fields);
  SPYRE_TRY(check_input_length(service, prompt, "messages", 0));
  return prompt;
}

}  // namespace spyre::serve::openai
