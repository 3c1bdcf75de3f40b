#include "config/flag_lookup.h"

#include <vector>

#include "config/nearest.h"

namespace spyre::config {

bool takes_value(const SettingInfo& row) {
  return row.type != Type::kBool && row.type != Type::kSwitch;
}

const SettingInfo* row_of_flag(std::string_view flag) {
  if (flag.empty()) return nullptr;
  for (const SettingInfo& row : table()) {
    if (row.flag == flag || row.short_flag == flag) return &row;
  }
  return nullptr;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view found = nearest(word, candidates);
  return found.empty() ? std::string(".") : fmt::format("; did you mean {}?", found);
}

std::string flag_suggestion(std::string_view word, Command command) {
  const size_t dashes_to_drop = word.starts_with('-') ? 0 : 2;
  std::vector<std::string_view> candidates;
  if (dashes_to_drop == 0) candidates.push_back("--help");
  for (const SettingInfo& row : table()) {
    if (row.flag.empty() || !contains(row.commands, command)) continue;
    candidates.push_back(row.flag.substr(dashes_to_drop));
  }
  return suggestion(word, candidates);
}

std::string commands_of(const SettingInfo& row) {
  std::string names;
  for (const CommandInfo& each : commands()) {
    if (!contains(row.commands, each.command)) continue;
    if (!names.empty()) names += ", ";
    names += each.name;
  }
  return names;
}

}  // namespace spyre::config
