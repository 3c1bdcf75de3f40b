#include "config/speculation.h"

#include <algorithm>

#include "base/json.h"

namespace spyre::config {

namespace {

constexpr Setting kSetting = Setting::kSpeculativeConfig;
constexpr int64_t kMost = 16;  // tokens of a draft, and of an n-gram

// What stands there, short enough for a message.
std::string shown(const Json& value) {
  constexpr size_t kLongest = 40;
  const std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
}

Status check_method(const Settings& settings, const Json& config) {
  const auto method = config.find("method");
  if (method != config.end() && *method == "ngram") return {};
  return error(Code::kInvalidArgument,
               "{}: wanted \"method\": \"ngram\", the only one that there is, found {}",
               settings.label(kSetting), method == config.end() ? "none" : shown(*method));
}

Result<int64_t> count(const Settings& settings, std::string_view key, const Json& value) {
  const bool fine = value.is_number_integer() && value >= 1 && value <= kMost;
  if (fine) return value.get<int64_t>();
  return error(Code::kInvalidArgument, "{}: {}: wanted an integer from 1 to {}, found {}",
               settings.label(kSetting), key, kMost, shown(value));
}

}  // namespace

Result<std::optional<SpeculativeConfig>> speculative_config(const Settings& settings) {
  if (!settings.is_set(kSetting)) return std::nullopt;
  SPYRE_TRY_ASSIGN(const Json config,
                   parse_json(settings.text(kSetting), settings.label(kSetting)));
  SPYRE_TRY(check_method(settings, config));
  std::optional<int64_t> tokens;
  std::optional<int64_t> max;
  std::optional<int64_t> min;
  for (const auto& [key, value] : config.items()) {
    if (key == "method") continue;
    std::optional<int64_t>* const field = key == "num_speculative_tokens" ? &tokens
                                          : key == "prompt_lookup_max"    ? &max
                                          : key == "prompt_lookup_min"    ? &min
                                                                          : nullptr;
    if (field == nullptr) {
      return error(Code::kInvalidArgument,
                   "{}: wanted the keys method, num_speculative_tokens, prompt_lookup_max and "
                   "prompt_lookup_min, found {}",
                   settings.label(kSetting), shown(key));
    }
    SPYRE_TRY_ASSIGN(*field, count(settings, key, value));
  }
  if (min && max && *min > *max) {
    return error(Code::kInvalidArgument,
                 "{}: prompt_lookup_min: wanted at most prompt_lookup_max ({}), found {}",
                 settings.label(kSetting), *max, *min);
  }
  SpeculativeConfig result;
  result.num_speculative_tokens = tokens.value_or(result.num_speculative_tokens);
  result.prompt_lookup_max = max.value_or(std::max(result.prompt_lookup_max, min.value_or(0)));
  result.prompt_lookup_min =
      min.value_or(std::min(result.prompt_lookup_min, result.prompt_lookup_max));
  return result;
}

}  // namespace spyre::config
