// load(): where each setting's value comes from. Parsing one is value.h's matter, comparing them
// that of checks.h.
#include <algorithm>

#include "config/checks.h"
#include "config/config_file.h"
#include "config/nearest.h"
#include "config/settings.h"

namespace spyre::config {

namespace {

struct Found {
  std::string name;
  std::string text;
};

// An empty variable is one that is not there, where empty text would say nothing.
bool counts(const SettingInfo& row, std::string_view text) {
  const bool textual =
      row.type == Type::kText || row.type == Type::kWords || row.type == Type::kSwitch;
  return !text.empty() || !textual;
}

// The variable of a row, under whichever of its names.
Result<std::optional<Found>> find_variable(const SettingInfo& row, const Environment& environment,
                                           std::vector<std::string>& warnings) {
  std::optional<Found> found;
  for (const std::string& each : {std::string(row.env), alias_env(row), std::string(row.old_env)}) {
    const auto text = each.empty() ? std::nullopt : environment.find(each);
    if (!text || !counts(row, *text)) continue;
    if (found && found->text != *text) {
      return error(Code::kInvalidArgument,
                   "{} and {} name the same setting: wanted one of them or equal values, found {}",
                   found->name, each,
                   row.secret ? "two values" : fmt::format("'{}' and '{}'", found->text, *text));
    }
    if (each == row.old_env) {
      warnings.push_back(fmt::format("{} is an old name; use {}", each, row.env));
    }
    if (!found) found = Found{each, std::string(*text)};
  }
  return found;
}

// From flag, file, variable or default, in this order; nothing where none of them says anything.
Result<std::optional<Value>> find_value(const SettingInfo& row, const Environment& environment,
                                        const CommandLine& line,
                                        std::vector<std::string>& warnings) {
  SPYRE_TRY_ASSIGN(const auto variable, find_variable(row, environment, warnings));
  std::vector<std::string> given;
  Origin origin;
  for (const FlagValue& each : line.flags) {
    if (each.setting != row.setting) continue;
    given.push_back(each.text);
    origin = {each.from_file ? Source::kFile : Source::kFlag, each.name};
  }
  if (given.empty() && variable) {
    given.push_back(variable->text);
    origin = {Source::kEnvironment, variable->name};
  }
  if (given.empty() && !row.fallback.empty()) {
    given.emplace_back(row.fallback);
    origin = {Source::kDefault, std::string(name(row.setting))};
  }
  if (given.empty()) return std::nullopt;
  SPYRE_TRY_ASSIGN(Value value, parse_value(row, given, std::move(origin)));
  return value;
}

// What a given value deserves to be told about its row.
void add_row_warnings(const SettingInfo& row, const Value& value, Command command,
                      std::vector<std::string>& warnings) {
  const bool flag = value.origin.source != Source::kEnvironment;
  if (value.origin.source == Source::kDefault || !contains(row.commands, command)) return;
  const std::string_view instead = flag ? row.flag_deprecated : row.env_deprecated;
  if (!instead.empty()) {
    warnings.push_back(fmt::format("{} is deprecated: {}", value.origin.name, instead));
  }
  if (row.since.empty() && !row.ambient) {
    warnings.push_back(fmt::format("{} is set, but its feature is not there yet: it has no effect",
                                   value.origin.name));
  }
}

// Misspelled variables of ours would otherwise do nothing, silently.
void add_unknown_variables(const Environment& environment, std::vector<std::string>& warnings) {
  std::vector<std::string> known;
  for (const SettingInfo& row : table()) {
    if (row.env.starts_with("VLLM_SPYRE_")) {
      known.emplace_back(row.env);
      known.push_back(alias_env(row));
    }
  }
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  for (const auto& [variable, text] : environment.variables()) {
    if (!variable.starts_with("VLLM_SPYRE_") && !variable.starts_with("SENDNN_INFERENCE_")) {
      continue;
    }
    if (std::ranges::find(candidates, variable) != candidates.end()) continue;
    const std::string_view near = nearest(variable, candidates);
    warnings.push_back(
        near.empty()
            ? fmt::format("{} is no setting: it has no effect", variable)
            : fmt::format("{} is no setting: it has no effect; did you mean {}?", variable, near));
  }
}

}  // namespace

Result<Settings> load(const Environment& environment, const CommandLine& given) {
  SPYRE_TRY_ASSIGN(const CommandLine line, with_config_file(given));
  Settings settings;
  settings.warnings_ = line.warnings;
  settings.values_.reserve(table().size());
  for (const SettingInfo& row : table()) {
    SPYRE_TRY_ASSIGN(auto value, find_value(row, environment, line, settings.warnings_));
    if (value) add_row_warnings(row, *value, line.command, settings.warnings_);
    settings.values_.push_back(std::move(value));
  }
  add_unknown_variables(environment, settings.warnings_);
  SPYRE_TRY(check_combinations(settings, line.command, settings.warnings_));
  return settings;
}

}  // namespace spyre::config
