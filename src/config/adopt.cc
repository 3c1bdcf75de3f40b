#include "config/adopt.h"

#include "config/checks.h"
#include "config/flag_lookup.h"

namespace spyre::config {

namespace {

const SettingInfo* row_of(std::string_view word) {
  if (word.starts_with('-')) return row_of_flag(word);
  for (const SettingInfo& row : table()) {
    if (!row.env.empty() && (row.env == word || alias_env(row) == word)) return &row;
  }
  return nullptr;
}

std::string pair(std::string_view name, std::string_view text) {
  return fmt::format("{}={}", name, text);
}

// The user's value before the wished one.
std::string conflict(std::string_view name, std::string_view theirs, std::string_view wished) {
  return fmt::format("{}, wanted {}", pair(name, theirs), pair(name, wished));
}

// A variable that only the libraries of a card read.
void look_at_foreign(const Wish& wish, const Environment& environment, Adopted& adopted) {
  const auto given = environment.find(wish.name);
  if (!given) {
    adopted.not_ours.push_back(pair(wish.name, wish.text));
  } else if (*given != wish.text) {
    adopted.kept.push_back(conflict(wish.name, *given, wish.text));
  }
}

}  // namespace

Result<Adopted> adopt(Settings& settings, std::span<const Wish> wishes, std::string_view source,
                      const Environment& environment) {
  Adopted adopted;
  for (const Wish& wish : wishes) {
    const SettingInfo* row = row_of(wish.name);
    if (row == nullptr) {
      look_at_foreign(wish, environment, adopted);
      continue;
    }
    auto value = parse_value(*row, {&wish.text, 1}, {Source::kCatalogue, wish.name});
    if (!value) {
      return error(value.error().code, "{}: {}", source, value.error().message);
    }
    if (!settings.is_set(row->setting)) {
      value->origin.name = source;
      settings.set(row->setting, std::move(*value));
      adopted.taken.push_back(pair(wish.name, wish.text));
    } else if (settings.text(row->setting) != value->text) {
      adopted.kept.push_back(
          conflict(wish.name, row->secret ? "***" : settings.text(row->setting), value->text));
    }
  }
  if (adopted.taken.empty()) return adopted;
  std::vector<std::string> told_before;
  if (const Status sound = check_combinations(settings, Command::kServe, told_before); !sound) {
    return error(sound.error().code, "{}: {}", source, sound.error().message);
  }
  return adopted;
}

}  // namespace spyre::config
