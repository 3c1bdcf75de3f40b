#include "config/settings.h"

namespace spyre::config {

namespace {

template <typename Meaning>
const Meaning& meaning_of(const std::optional<Value>& value) {
  SPYRE_CHECK(value.has_value());
  const Meaning* found = std::get_if<Meaning>(&value->meaning);
  SPYRE_CHECK(found != nullptr);
  return *found;
}

}  // namespace

bool Settings::is_set(Setting setting) const {
  const auto& found = value(setting);
  return found && found->origin.source != Source::kDefault && !found->automatic;
}

Source Settings::source(Setting setting) const {
  const auto& found = value(setting);
  return found ? found->origin.source : Source::kDefault;
}

std::string Settings::label(Setting setting) const {
  if (source(setting) == Source::kDefault) return std::string(name(setting));
  return config::label(info(setting), value(setting)->origin);
}

bool Settings::flag(Setting setting) const { return meaning_of<bool>(value(setting)); }
int64_t Settings::integer(Setting setting) const { return meaning_of<int64_t>(value(setting)); }
double Settings::real(Setting setting) const { return meaning_of<double>(value(setting)); }

std::string Settings::text(Setting setting) const {
  const auto& found = value(setting);
  return found ? found->text : std::string();
}

std::string Settings::written(Setting setting) const {
  const auto& found = value(setting);
  return found ? found->given : std::string();
}

std::vector<int64_t> Settings::list(Setting setting) const {
  const auto& found = value(setting);
  return found ? meaning_of<std::vector<int64_t>>(found) : std::vector<int64_t>();
}

std::vector<std::string> Settings::texts(Setting setting) const {
  const auto& found = value(setting);
  return found ? meaning_of<std::vector<std::string>>(found) : std::vector<std::string>();
}

std::vector<std::string> Settings::summary() const {
  std::vector<std::string> lines;
  for (const SettingInfo& row : table()) {
    const auto& found = value(row.setting);
    if (!found || found->origin.source == Source::kDefault || row.ambient) continue;
    const Origin& origin = found->origin;
    lines.push_back(fmt::format("{} = {} ({})", name(row.setting), row.secret ? "***" : found->text,
                                origin.source == Source::kFlag   ? "flag"
                                : origin.source == Source::kFile ? origin.name
                                : origin.source == Source::kCatalogue
                                    ? "known configuration " + origin.name
                                    : "environment " + origin.name));
  }
  return lines;
}

}  // namespace spyre::config
