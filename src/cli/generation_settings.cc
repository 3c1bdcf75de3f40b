#include "cli/generation_settings.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>

#include "checkpoint/hf_config.h"
#include "cli/read_file.h"
#include "cli/request_fields.h"

namespace spyre::cli {

namespace {

using checkpoint::GenerationConfig;
using config::Setting;

// Those of generation_config.json that vLLM looks at.
constexpr std::array<std::string_view, 6> kKnown = {
    "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "max_new_tokens"};

Result<GenerationConfig> of_folder(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "generation_config.json";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return error(Code::kNotFound,
                 "--generation-config: wanted auto, vllm or a folder with generation_config.json, "
                 "found {}",
                 folder.string());
  }
  SPYRE_TRY_ASSIGN(const std::string text, read_file(path));
  SPYRE_TRY_ASSIGN(const Json json, parse_json(text, path.string()));
  return checkpoint::read_generation_config(json, path.string());
}

Status check_keys(const Json& given, std::string_view source) {
  for (const auto& [key, value] : given.items()) {
    if (std::ranges::find(kKnown, key) != kKnown.end()) continue;
    return error(Code::kInvalidArgument, "{}: wanted some of {}, found '{}'", source,
                 fmt::join(kKnown, ", "), key);
  }
  return {};
}

// Each key that is there replaces its field; null takes the file's value away.
Status apply_override(const Json& json, std::string_view source, GenerationConfig& config) {
  SPYRE_TRY(check_keys(json, source));
  const auto given = checkpoint::read_generation_config(json, source);
  if (!given) return error(Code::kInvalidArgument, "{}", given.error().message);
  const auto take = [&](std::string_view key, auto GenerationConfig::* field) {
    if (json.contains(key)) config.*field = (*given).*field;
  };
  take("temperature", &GenerationConfig::temperature);
  take("top_p", &GenerationConfig::top_p);
  take("top_k", &GenerationConfig::top_k);
  take("min_p", &GenerationConfig::min_p);
  take("repetition_penalty", &GenerationConfig::repetition_penalty);
  take("max_new_tokens", &GenerationConfig::max_new_tokens);
  // Only what the flag says is checked here: a file's odd value is each request's to replace.
  const Status fine = sample::validate(sampling_params(*given),
                                       {.vocab_size = std::numeric_limits<int32_t>::max()});
  if (fine) return {};
  return error(Code::kInvalidArgument, "{}: {}", source, fine.error().message);
}

}  // namespace

Result<GenerationConfig> generation_settings(const config::Settings& settings,
                                             const GenerationConfig& of_model) {
  const std::string from = settings.text(Setting::kGenerationConfig);
  GenerationConfig config = of_model;
  if (from == "vllm") {
    config = {};
    config.eos_token_ids = of_model.eos_token_ids;
  } else if (from != "auto") {
    SPYRE_TRY_ASSIGN(config, of_folder(from));
  }
  const Setting override_setting = Setting::kOverrideGenerationConfig;
  if (settings.is_set(override_setting)) {
    const std::string source = settings.label(override_setting);
    SPYRE_TRY_ASSIGN(const Json json, parse_json(settings.text(override_setting), source));
    SPYRE_TRY(apply_override(json, source, config));
  }
  return config;
}

}  // namespace spyre::cli
