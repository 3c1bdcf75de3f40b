#include "config/config_file.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>

#include "base/json.h"
#include "base/mapped_file.h"
#include "config/flag_lookup.h"
#include "config/foreign_flags.h"

namespace spyre::config {

namespace {

constexpr size_t kMostBytes = size_t{1} << 20;
// Aliases can make a short text a huge tree, or one without end.
constexpr int kMostNodes = 100'000;
constexpr int kDeepest = 200;

// YAML's booleans as Python's reader knows them.
std::optional<bool> boolean(const YAML::Node& node) {
  if (!node.IsScalar()) return std::nullopt;
  std::string word = node.Scalar();
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

  Result<CommandLine> run(const YAML::Node& root) {
    if (root.IsNull()) return std::move(line_);  // an empty file
    if (!root.IsMap()) {
      return error(Code::kInvalidArgument, "{}: wanted lines of the form flag: value", file_);
    }
    std::vector<std::string> keys;
    for (const auto& entry : root) {
      place_ = fmt::format("{}, line {}", file_, entry.first.Mark().line + 1);
      if (!entry.first.IsScalar()) {
        return error(Code::kInvalidArgument, "{}: wanted the name of a flag before the colon",
                     place_);
      }
      std::string key = entry.first.Scalar();
      std::ranges::replace(key, '_', '-');
      if (std::ranges::find(keys, key) != keys.end()) {
        return error(Code::kInvalidArgument, "{}: {} is there twice", place_, key);
      }
      SPYRE_TRY(take(key, entry.second));
      keys.push_back(std::move(key));
    }
    return std::move(line_);
  }

 private:
  std::string place_of(std::string_view key) const { return fmt::format("{} in {}", key, place_); }

  Status take(const std::string& key, const YAML::Node& value) {
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

  Status take_value(const SettingInfo& row, const std::string& key, const YAML::Node& value) {
    if (value.IsScalar()) {
      add(row, key, value.Scalar());
      return {};
    }
    const bool json = (row.type == Type::kJson && value.IsMap()) ||
                      (row.type == Type::kJsonList && value.IsSequence());
    if (json) {
      int budget = kMostNodes;
      SPYRE_TRY_ASSIGN(const Json object, json_of(value, budget, 1));
      add(row, key, object.dump(-1, ' ', true, Json::error_handler_t::replace));
      return {};
    }
    const bool list =
        row.type == Type::kIntegers || row.type == Type::kWords || row.type == Type::kTexts;
    if (!list || !value.IsSequence()) return wrong(row, key, value, expectation(row));
    return take_list(row, key, value);
  }

  Status take_list(const SettingInfo& row, const std::string& key, const YAML::Node& value) {
    std::vector<std::string> items;
    for (const auto& item : value) {
      if (!item.IsScalar()) return wrong(row, key, item, "plain values in the list");
      items.push_back(item.Scalar());
    }
    if (items.empty()) return wrong(row, key, value, expectation(row));
    if (row.type == Type::kIntegers) items = {fmt::format("{}", fmt::join(items, ","))};
    for (std::string& item : items) add(row, key, std::move(item));
    return {};
  }

  Status take_foreign(const std::string& key, const YAML::Node& value) {
    const ForeignFlag* flag = foreign_flag("--" + key);
    const bool negated = flag == nullptr && key.starts_with("no-");
    if (negated) flag = foreign_flag("--" + key.substr(3));
    if (flag == nullptr || (negated && flag->arity != Arity::kNone)) {
      return error(Code::kInvalidArgument, "{}: there is no flag --{}{} See spyre {} --help",
                   place_, key, flag_suggestion(key, line_.command), name(line_.command));
    }
    std::string word = value.IsScalar() ? value.Scalar() : "[...]";
    if (flag->arity == Arity::kNone) word = boolean(value).value_or(true) != negated ? "1" : "0";
    SPYRE_TRY_ASSIGN(auto warning, judge(*flag, place_of(key), word));
    if (warning) line_.warnings.push_back(std::move(*warning));
    return {};
  }

  // Scalars that JSON knows are what they look like, unless they stand in quotes.
  Result<Json> json_of(const YAML::Node& node, int& budget, int depth) const {
    if (--budget < 0 || depth > kDeepest) {
      return error(Code::kInvalidArgument,
                   "{}: wanted at most {} values, at most {} inside one another", place_,
                   kMostNodes, kDeepest);
    }
    if (node.IsMap()) {
      Json object = Json::object();
      for (const auto& entry : node) {
        if (!entry.first.IsScalar()) {
          return error(Code::kInvalidArgument, "{}: wanted text as the key of an object", place_);
        }
        SPYRE_TRY_ASSIGN(object[entry.first.Scalar()], json_of(entry.second, budget, depth + 1));
      }
      return object;
    }
    if (node.IsSequence()) {
      Json list = Json::array();
      for (const auto& item : node) {
        SPYRE_TRY_ASSIGN(Json member, json_of(item, budget, depth + 1));
        list.push_back(std::move(member));
      }
      return list;
    }
    if (!node.IsScalar()) return Json(nullptr);
    const bool quoted = node.Tag() == "!";
    const auto plain = quoted ? std::nullopt : std::optional(parse_json(node.Scalar(), file_));
    const bool known = plain && plain->has_value() && !(*plain)->is_structured();
    return known ? **plain : Json(node.Scalar());
  }

  std::unexpected<Error> wrong(const SettingInfo& row, const std::string& key,
                               const YAML::Node& found, std::string_view wanted) const {
    const std::string_view kind = found.IsMap()        ? "keys with values"
                                  : found.IsSequence() ? "a list"
                                  : found.IsScalar()   ? "text"
                                                       : "nothing";
    const bool shown = found.IsScalar() && !row.secret;
    return error(Code::kInvalidArgument, "{}: wanted {}, found {}", place_of(key), wanted,
                 shown ? fmt::format("'{}'", printable(found.Scalar())) : std::string(kind));
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

// What YAML does not allow in a text, and the library takes for a text's end or for a blank.
// Looks at a document without keeping it.
class Passer final : public YAML::EventHandler {
  using Mark = YAML::Mark;
  using Style = YAML::EmitterStyle::value;
  using Anchor = YAML::anchor_t;
  using Text = std::string;

  void OnDocumentStart(const Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const Mark&, Anchor) override {}
  void OnAlias(const Mark&, Anchor) override {}
  void OnScalar(const Mark&, const Text&, Anchor, const Text&) override {}
  void OnSequenceStart(const Mark&, const Text&, Anchor, Style) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const Mark&, const Text&, Anchor, Style) override {}
  void OnMapEnd() override {}
};

// Not with YAML::LoadAll: in front of what begins no document ("," is enough) it never ends.
bool is_one_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Passer passer;
  parser.HandleNextDocument(passer);
  return !parser;
}

Status check_characters(std::string_view text, std::string_view file) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool allowed = byte >= ' ' || byte == '\t' || byte == '\n' || byte == '\r';
    if (allowed && byte != 0x7f) continue;
    return error(Code::kInvalidArgument, "{}, line {}: wanted text, found the byte 0x{:02x}", file,
                 std::ranges::count(text.substr(0, i), '\n') + 1, byte);
  }
  return {};
}

}  // namespace

Result<CommandLine> parse_config_file(std::string_view text, std::string_view file,
                                      Command command) {
  SPYRE_TRY(check_characters(text, file));
  // The library's only way to tell of errors.
  try {
    const std::string document(text);
    if (!is_one_document(document)) {
      return error(Code::kInvalidArgument, "{}: wanted one YAML document, found more", file);
    }
    return Reader(file, command).run(YAML::Load(document));
  } catch (const YAML::Exception& exception) {
    return error(Code::kInvalidArgument, "{}, line {}: not YAML: {}", file, exception.mark.line + 1,
                 exception.msg);
  }
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
