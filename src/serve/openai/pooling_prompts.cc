#include "serve/openai/pooling_prompts.h"

#include <algorithm>

#include "serve/openai/field_types.h"
#include "serve/openai/generation_request.h"
#include "serve/openai/prompts.h"

namespace spyre::serve::openai {

namespace {

// One request holds at most so many texts: each has a vector in the answer.
constexpr size_t kMostInputs = 16384;

void cut_ids(std::vector<int32_t>& ids, const text::Truncation& truncation) {
  if (!truncation.max_tokens || std::cmp_less_equal(ids.size(), *truncation.max_tokens)) return;
  if (truncation.side == text::Truncation::Side::kLeft) {
    ids.erase(ids.begin(), ids.end() - *truncation.max_tokens);
  } else {
    ids.resize(static_cast<size_t>(*truncation.max_tokens));
  }
}

ApiResult<PoolingPrompt> checked(const InputRules& rules, PoolingPrompt prompt,
                                 std::string_view field, size_t index) {
  if (prompt.ids.empty()) {
    return bad_value(field, fmt::format("{}: wanted at least one token, found none", field));
  }
  if (std::cmp_less_equal(prompt.ids.size(), rules.most_tokens)) return prompt;
  return bad_value(field, fmt::format("{}: This model's maximum context length is {} tokens. "
                                      "However, input {} has {} tokens. Shorten it, or ask for "
                                      "truncate_prompt_tokens.",
                                      field, rules.most_tokens, index, prompt.ids.size()));
}

ApiResult<PoolingPrompt> ids_prompt(const InputRules& rules, const Json& list, size_t index) {
  PoolingPrompt prompt;
  prompt.ids.reserve(list.size());
  for (const Json& each : list) prompt.ids.push_back(static_cast<int32_t>(*integer_of(each)));
  cut_ids(prompt.ids, rules.truncation);
  return checked(rules, std::move(prompt), "input", index);
}

}  // namespace

int64_t longest_input(const PoolingModel& model, int64_t max_model_len) {
  return model.max_tokens > 0 ? std::min(model.max_tokens, max_model_len) : max_model_len;
}

InputRules input_rules(const Service& service, const RequestFields& fields) {
  using Side = text::Truncation::Side;
  InputRules rules{
      .tokenizer = service.tokenizer,
      .most_tokens = longest_input(*service.pooling, service.max_model_len),
      .truncation = {.max_tokens = fields.truncate_prompt_tokens,
                     .side = fields.truncation_side == "left" ? Side::kLeft : Side::kRight},
      .add_special_tokens = fields.add_special_tokens.value_or(true)};
  if (fields.truncate_prompt_tokens == -1) rules.truncation.max_tokens = rules.most_tokens;
  return rules;
}

ApiResult<PoolingPrompt> text_prompt(const InputRules& rules, std::string_view text,
                                     std::string_view field, size_t index) {
  SPYRE_TRY(check_text_bytes(rules.most_tokens, text.size(), field));
  auto encoded = rules.tokenizer.encode_within(text, rules.add_special_tokens, rules.truncation);
  if (!encoded) return std::unexpected(from_error(encoded.error(), std::string(field)));
  return checked(rules, {.ids = std::move(encoded->ids)}, field, index);
}

ApiResult<PoolingPrompt> pair_prompt(const InputRules& rules, std::string_view first,
                                     std::string_view second, std::string_view field,
                                     size_t index) {
  SPYRE_TRY(check_text_bytes(rules.most_tokens, first.size() + second.size(), field));
  auto pair = rules.tokenizer.encode_pair(first, second, true, rules.truncation);
  if (!pair) return std::unexpected(from_error(pair.error(), std::string(field)));
  return checked(rules, {.ids = std::move(pair->ids), .token_types = std::move(pair->type_ids)},
                 field, index);
}

ApiResult<std::string> named_prompt(const PoolingModel& model,
                                    const std::optional<std::string>& name) {
  if (!name) return "";
  if (const auto found = model.prompts.find(*name); found != model.prompts.end()) {
    return found->second;
  }
  std::string known;
  for (const auto& [each, text] : model.prompts) known += (known.empty() ? "" : ", ") + each;
  return bad_value("prompt_name",
                   fmt::format("prompt_name: wanted one of the model's prompts ({}), found {}",
                               known.empty() ? "it has none" : known, found_words(*name)));
}

ApiStatus check_inputs(const Service& service, const RequestFields& fields) {
  SPYRE_TRY(check_priority(service, fields));
  SPYRE_TRY(named_prompt(*service.pooling, fields.prompt_name));
  const int64_t most = longest_input(*service.pooling, service.max_model_len);
  const int64_t kept = fields.truncate_prompt_tokens.value_or(1);
  if (kept != 0 && kept <= most) return {};
  return bad_value("truncate_prompt_tokens",
                   fmt::format("truncate_prompt_tokens: wanted 1 to {} (what the model takes), or "
                               "-1, found {}",
                               most, kept));
}

ApiStatus check_input_count(size_t count, std::string_view field) {
  if (count > 0 && count <= kMostInputs) return {};
  return bad_value(field,
                   fmt::format("{}: wanted 1 to {} of them, found {}", field, kMostInputs, count));
}

ApiResult<std::vector<PoolingPrompt>> input_prompts(const Service& service,
                                                    const RequestFields& fields,
                                                    const Json& input) {
  const InputRules rules = input_rules(service, fields);
  SPYRE_TRY_ASSIGN(const std::string prefix, named_prompt(*service.pooling, fields.prompt_name));
  const bool several = input.is_array() && (input.empty() || !input[0].is_number());
  const size_t count = several ? input.size() : 1;
  SPYRE_TRY(check_input_count(count, "input"));
  std::vector<PoolingPrompt> prompts(count);
  for (size_t i = 0; i < count; ++i) {
    const Json& each = several ? input[i] : input;
    if (each.is_string()) {
      SPYRE_TRY_ASSIGN(prompts[i],
                       text_prompt(rules, prefix + each.get<std::string>(), "input", i));
    } else {
      SPYRE_TRY_ASSIGN(prompts[i], ids_prompt(rules, each, i));
    }
  }
  return prompts;
}

ApiResult<PoolingPrompt> conversation_prompt(const Service& service, RequestFields fields,
                                             const Json& messages) {
  const InputRules rules = input_rules(service, fields);
  fields.add_generation_prompt = fields.add_generation_prompt.value_or(false);
  SPYRE_TRY_ASSIGN(Prompt chat, chat_prompt(service, fields, messages));
  cut_ids(chat.ids, rules.truncation);
  return checked(rules, {.ids = std::move(chat.ids)}, "messages", 0);
}

}  // namespace spyre::serve::openai
