#include "config/config_file.h"

#include <algorithm>

#include "base/json.h"
#include "base/mapped_file.h"
#include "base/yaml.h"
#include "config/flag_lookup.h"
#include "config/foreign_flags.h"

namespace spyre::config {

namespace {

constexpr size_t kMostBytes = size_t{1} << 20;

// YAML's booleans as Python's reader knows them.
std::optional<bool> boolean(const Yaml& node) {
  if (!node.is_scalar()) return std::nullopt;
  std::string word = node.text;
  std::ranges::transform(word, word.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return std::nullopt;
}

class Reader {
 public:
  Reader(std::string_view file, Command command) : file_(file) { line_.command = command; }

  Result<CommandLine> run(const Yaml& root) {
    if (root.is_null()) return std::move(line_);  // an empty file
    if (!root.is_map()) {
      return error(Code::kInvalidArgument, "{}: wanted lines of the form flag: value", file_);
    }
    std::vector<std::string> keys;
    for (const auto& [word, value] : root.entries) {
      place_ = fmt::format("{}, line {}", file_, word.line);
      if (!word.is_scalar()) {
        return error(Code::kInvalidArgument, "{}: wanted the name of a flag before the colon",
                     place_);
      }
      std::string key = word.text;
      std::ranges::replace(key, '_', '-');
      if (std::ranges::find(keys, key) != keys.end()) {
        return error(Code::kInvalidArgument, "{}: {} is there twice", place_, key);
      }
      SPYRE_TRY(take(key, value));
      keys.push_back(std::move(key));
    }
    return std::move(line_);
  }

 private:
  std::string place_of(std::string_view key) const { return fmt::format("{} in {}", key, place_); }

  Status take(const std::string& key, const Yaml& value) {
    const bool short_word = key.starts_with('-');
    const SettingInfo* row = short_word ? nullptr : row_of_flag("--" + key);
    const bool negated = row == nullptr && key.starts_with("no-");
    if (negated) {
      row = row_of_flag("--" + key.substr(3));
      if (row != nullptr && takes_value(*row)) row = nullptr;
    }
    if (row == nullptr) return take_foreign(key, value);
    if (!contains(row->commands, line_.command)) {
      return error(Code::kInvalidArgument, "{} is a flag of {}, not of {}", place_of(key),
                   commands_of(*row), name(line_.command));
    }
    if (row->setting == Setting::kConfigFile) {
      return error(Code::kInvalidArgument, "{}: a file cannot name another one", place_of(key));
    }
    if (takes_value(*row)) return take_value(*row, key, value);
    const auto on = boolean(value);
    if (!on) return wrong(*row, key, value, "true or false");
    add(*row, key, *on != negated ? "1" : "0");
    return {};
  }

  Status take_value(const SettingInfo& row, const std::string& key, const Yaml& value) {
    if (value.is_scalar()) {
      add(row, key, value.text);
      return {};
    }
    const bool json = (row.type == Type::kJson && value.is_map()) ||
                      (row.type == Type::kJsonList && value.is_list());
    if (json) {
      SPYRE_TRY_ASSIGN(const Json object, to_json(value, file_));
      add(row, key, object.dump(-1, ' ', true, Json::error_handler_t::replace));
      return {};
    }
    const bool list =
        row.type == Type::kIntegers || row.type == Type::kWords || row.type == Type::kTexts;
    if (!list || !value.is_list()) return wrong(row, key, value, expectation(row));
    return take_list(row, key, value);
  }

  Status take_list(const SettingInfo& row, const std::string& key, const Yaml& value) {
    std::vector<std::string> items;
    for (const Yaml& item : value.items) {
      if (!item.is_scalar()) return wrong(row, key, item, "plain values in the list");
      items.push_back(item.text);
    }
    if (items.empty()) return wrong(row, key, value, expectation(row));
    if (row.type == Type::kIntegers) items = {fmt::format("{}", fmt::join(items, ","))};
    for (std::string& item : items) add(row, key, std::move(item));
    return {};
  }

  Status take_foreign(const std::string& key, const Yaml& value) {
    const ForeignFlag* flag = foreign_flag("--" + key);
    const bool negated = flag == nullptr && key.starts_with("no-");
    if (negated) flag = foreign_flag("--" + key.substr(3));
    if (flag == nullptr || (negated && flag->arity != Arity::kNone)) {
      return error(Code::kInvalidArgument, "{}: there is no flag --{}{} See spyre {} --help",
                   place_, key, flag_suggestion(key, line_.command), name(line_.command));
    }
    std::string word = value.is_scalar() ? value.text : "[...]";
    if (flag->arity == Arity::kNone) word = boolean(value).value_or(true) != negated ? "1" : "0";
    SPYRE_TRY_ASSIGN(auto warning, judge(*flag, place_of(key), word));
    if (warning) line_.warnings.push_back(std::move(*warning));
    return {};
  }

  std::unexpected<Error> wrong(const SettingInfo& row, const std::string& key, const Yaml& found,
                               std::string_view wanted) const {
    const std::string_view kind = found.is_map()      ? "keys with values"
                                  : found.is_list()   ? "a list"
                                  : found.is_scalar() ? "text"
                                                      : "nothing";
    const bool shown = found.is_scalar() && !row.secret;
    return error(Code::kInvalidArgument, "{}: wanted {}, found {}", place_of(key), wanted,
                 shown ? fmt::format("'{}'", printable(found.text)) : std::string(kind));
  }

  static std::string printable(std::string text) {
    std::ranges::replace_if(text, [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
    return text;
  }

  void add(const SettingInfo& row, const std::string& key, std::string text) {
    line_.flags.push_back({row.setting, std::move(text), place_of(key), true});
  }

  std::string file_;
  std::string place_;  // file and line of the key at hand
  CommandLine line_;
};

}  // namespace

Result<CommandLine> parse_config_file(std::string_view text, std::string_view file,
                                      Command command) {
  SPYRE_TRY_ASSIGN(const Yaml yaml, parse_yaml(text, file));
  return Reader(file, command).run(yaml);
}

Result<CommandLine> with_config_file(CommandLine line) {
  const std::string* path = nullptr;
  for (const FlagValue& each : line.flags) {
    if (each.setting == Setting::kConfigFile) path = &each.text;
  }
  if (path == nullptr) return line;
  const auto file = MappedFile::open(*path);
  if (!file) return error(file.error().code, "--config: {}", file.error().message);
  if (file->bytes().size() > kMostBytes) {
    return error(Code::kInvalidArgument, "--config: {}: wanted at most {} bytes, found {}", *path,
                 kMostBytes, file->bytes().size());
  }
  const auto bytes = file->bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  SPYRE_TRY_ASSIGN(CommandLine read, parse_config_file(text, *path, line.command));
  const std::vector<FlagValue> given = line.flags;
  for (FlagValue& each : read.flags) {
    if (std::ranges::find(given, each.setting, &FlagValue::setting) != given.end()) continue;
    line.flags.push_back(std::move(each));
  }
  line.warnings.insert(line.warnings.end(), read.warnings.begin(), read.warnings.end());
  SPYRE_TRY(check_model(line));
  return line;
}

}  // namespace spyre::config
