#include "cli/sampling_flags.h"

#include <string_view>

namespace spyre::cli {

namespace {

using config::Setting;

struct FlagField {
  Setting setting;
  std::string_view field;
};

constexpr FlagField kFlagFields[] = {
    {Setting::kTemperature, "temperature"},
    {Setting::kTopK, "top_k"},
    {Setting::kTopP, "top_p"},
    {Setting::kMinP, "min_p"},
    {Setting::kPresencePenalty, "presence_penalty"},
    {Setting::kFrequencyPenalty, "frequency_penalty"},
    {Setting::kRepetitionPenalty, "repetition_penalty"},
    {Setting::kLogitBias, "logit_bias"},
    {Setting::kAllowedTokenIds, "allowed_token_ids"},
    {Setting::kBadWords, "bad_words"},
    {Setting::kMinTokens, "min_tokens"},
    {Setting::kMaxTokens, "max_tokens"},
    {Setting::kIgnoreEos, "ignore_eos"},
    {Setting::kStop, "stop"},
    {Setting::kStopTokenIds, "stop_token_ids"},
    {Setting::kIncludeStopStrInOutput, "include_stop_str_in_output"},
    {Setting::kSkipSpecialTokens, "skip_special_tokens"},
    {Setting::kSeed, "seed"},
    {Setting::kN, "n"},
    {Setting::kLogprobs, "logprobs"},
    {Setting::kPromptLogprobs, "prompt_logprobs"},
    {Setting::kBeamWidth, "beam_width"},
    {Setting::kLengthPenalty, "length_penalty"},
};

Result<Json> value_of(const config::Settings& settings, Setting setting) {
  switch (config::info(setting).type) {
    case config::Type::kInteger:
      return Json(settings.integer(setting));
    case config::Type::kReal:
      return Json(settings.real(setting));
    case config::Type::kBool:
      return Json(settings.flag(setting));
    case config::Type::kIntegers:
      return Json(settings.list(setting));
    case config::Type::kTexts:
      return Json(settings.texts(setting));
    default:
      return parse_json(settings.text(setting), config::name(setting));
  }
}

}  // namespace

Result<Json> sampling_fields(const config::Settings& settings) {
  Json fields = Json::object();
  for (const auto& [setting, field] : kFlagFields) {
    if (!settings.is_set(setting)) continue;
    SPYRE_TRY_ASSIGN(fields[field], value_of(settings, setting));
  }
  return fields;
}

Result<SamplingRequest> apply_sampling_flags(const config::Settings& settings,
                                             const text::Tokenizer& tokenizer,
                                             SamplingRequest defaults) {
  SPYRE_TRY_ASSIGN(const Json fields, sampling_fields(settings));
  for (const auto& [field, value] : fields.items()) {
    SPYRE_TRY(set_field(field, value, tokenizer, defaults));
  }
  return defaults;
}

}  // namespace spyre::cli
