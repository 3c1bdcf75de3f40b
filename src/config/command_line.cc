#include "config/command_line.h"

#include <algorithm>
#include <map>

#include "base/json.h"
#include "config/flag_lookup.h"
#include "config/foreign_flags.h"

namespace spyre::config {

namespace {

// An argument that begins with a dash, taken apart.
struct Written {
  std::string name;                  // with dashes for underscores, without keys
  std::string keys;                  // of a JSON object: "a.b" of --x.a.b
  std::optional<std::string> value;  // after = or, for short flags, right behind
};

Written take_apart(const std::string& argument) {
  if (!argument.starts_with("--")) {
    const bool attached = argument.size() > 2 && row_of_flag(argument) == nullptr &&
                          argument.find('=') == std::string::npos &&
                          row_of_flag(std::string_view(argument).substr(0, 2)) != nullptr;
    if (attached) return {argument.substr(0, 2), "", argument.substr(2)};
  }
  const size_t equals = argument.find('=');
  Written written{argument.substr(0, equals), "", std::nullopt};
  if (equals != std::string::npos) written.value = argument.substr(equals + 1);
  if (const size_t dot = written.name.find('.'); dot != std::string::npos) {
    written.keys = written.name.substr(dot + 1);
    written.name.resize(dot);
  }
  std::ranges::replace(written.name, '_', '-');
  return written;
}

// The commands of a FILE need exactly one.
Status check_file(const CommandLine& line) {
  if (!contains(kForCacheFile, line.command) || line.help) return {};
  const auto files = std::ranges::count(line.flags, Setting::kCacheFile, &FlagValue::setting);
  if (files == 1) return {};
  return error(Code::kInvalidArgument, "{}: wanted one FILE, found {}", name(line.command),
               files == 0 ? "none" : fmt::format("{}", files));
}

class Parser {
 public:
  Parser(Command command, std::span<const std::string> args) : args_(args) {
    line_.command = command;
  }

  Result<CommandLine> run() {
    bool flags_over = false;
    while (at_ < args_.size()) {
      const std::string& argument = args_[at_++];
      if (!flags_over && argument == "--") {
        flags_over = true;
      } else if (!flags_over && argument.size() > 1 && argument[0] == '-') {
        SPYRE_TRY(take_flag(argument));
      } else {
        SPYRE_TRY(take_positional(argument));
      }
    }
    add_dotted();
    const auto given = [this](Setting setting) {
      return std::ranges::find(line_.flags, setting, &FlagValue::setting) != line_.flags.end();
    };
    if (!given(Setting::kConfigFile) || given(Setting::kModel)) SPYRE_TRY(check_model(line_));
    SPYRE_TRY(check_file(line_));
    return std::move(line_);
  }

 private:
  const CommandInfo& command() const { return info(line_.command); }

  Status take_flag(const std::string& argument) {
    if (argument == "--help" || argument == "-h") {
      line_.help = true;
      return {};
    }
    const Written written = take_apart(argument);
    const SettingInfo* row = row_of_flag(written.name);
    bool negated = false;
    if (row == nullptr && written.name.starts_with("--no-")) {
      row = row_of_flag("--" + written.name.substr(5));
      negated = row != nullptr;
      if (negated && takes_value(*row)) {
        return error(Code::kInvalidArgument, "{}: {} takes a value; there is no negative form",
                     written.name, row->flag);
      }
    }
    if (row == nullptr) return take_foreign(written);
    if (!contains(row->commands, line_.command)) {
      return error(Code::kInvalidArgument, "{} is a flag of {}, not of {}", written.name,
                   commands_of(*row), command().name);
    }
    if (!written.keys.empty()) return take_dotted(*row, written);
    if (takes_value(*row)) return take_values(*row, written);
    if (written.value) {
      return error(Code::kInvalidArgument,
                   "{0}: wanted no value, found '{1}'; write {2} or --no-{3}", written.name,
                   *written.value, row->flag, row->flag.substr(2));
    }
    line_.flags.push_back({row->setting, negated ? "0" : "1", written.name});
    return {};
  }

  std::unexpected<Error> unknown(std::string_view flag) const {
    return error(Code::kInvalidArgument, "unknown flag {}{} See spyre {} --help", flag,
                 flag_suggestion(flag, line_.command), command().name);
  }

  // The word after the flag that was taken last.
  Result<std::string> next_value(const Written& written, std::string_view expected) {
    if (written.value) return *written.value;
    // A negative number is a value; whatever else begins with a dash is the next flag.
    const bool missing = at_ == args_.size() || is_flag(args_[at_]);
    if (!missing) return args_[at_++];
    return error(Code::kInvalidArgument,
                 "{}: wanted {}, found {}; a value that begins with a dash "
                 "is written {}=VALUE",
                 written.name, expected, at_ == args_.size() ? "nothing" : "the flag " + args_[at_],
                 written.name);
  }

  bool more_values() const { return at_ < args_.size() && !is_flag(args_[at_]); }

  Status take_values(const SettingInfo& row, const Written& written) {
    SPYRE_TRY_ASSIGN(std::string value, next_value(written, expectation(row)));
    line_.flags.push_back({row.setting, std::move(value), written.name});
    while (!written.value && row.type == Type::kWords && more_values()) {
      line_.flags.push_back({row.setting, args_[at_++], written.name});
    }
    return {};
  }

  // A flag that only vLLM has.
  Status take_foreign(const Written& written) {
    const ForeignFlag* flag = foreign_flag(written.name);
    const bool negated = flag == nullptr && written.name.starts_with("--no-");
    if (negated) flag = foreign_flag("--" + written.name.substr(5));
    const bool known = flag != nullptr && contains(kForEngine, line_.command) &&
                       (flag->arity == Arity::kNone || !negated);
    if (!known) return unknown(written.name);
    if (flag->arity == Arity::kNone && written.value) {
      return error(Code::kInvalidArgument, "{}: wanted no value, found '{}'", written.name,
                   *written.value);
    }
    std::string value = negated ? "0" : "1";
    if (flag->arity != Arity::kNone) {
      SPYRE_TRY_ASSIGN(value, next_value(written, "a value"));
      while (!written.value && flag->arity == Arity::kMany && more_values()) ++at_;
    }
    SPYRE_TRY_ASSIGN(const auto warning, judge(*flag, written.name, value));
    const bool is_new =
        warning && std::ranges::find(line_.warnings, *warning) == line_.warnings.end();
    if (is_new) line_.warnings.push_back(*warning);
    return {};
  }

  // --x.a.b VALUE: a key of an object, the value JSON or else text.
  Status take_dotted(const SettingInfo& row, const Written& written) {
    if (row.type != Type::kJson) {
      return error(Code::kInvalidArgument, "{}.{}: {} is no JSON object and has no keys",
                   written.name, written.keys, written.name);
    }
    SPYRE_TRY_ASSIGN(const std::string value, next_value(written, "a value"));
    const auto json = parse_json(value, written.name);
    auto& object = dotted_.try_emplace(row.setting, written.name, Json::object()).first->second;
    return insert(object.second, written, json ? *json : Json(value));
  }

  static Status insert(Json& object, const Written& written, Json value) {
    Json* place = &object;
    for (size_t begin = 0; begin <= written.keys.size();) {
      const size_t end = std::min(written.keys.size(), written.keys.find('.', begin));
      const std::string key = written.keys.substr(begin, end - begin);
      if (key.empty() || !(place->is_null() || place->is_object())) {
        return error(Code::kInvalidArgument, "{}.{}: wanted keys separated by dots, found {}",
                     written.name, written.keys,
                     key.empty() ? "an empty one" : "one inside another value");
      }
      place = &(*place)[key];
      begin = end + 1;
    }
    *place = std::move(value);
    return {};
  }

  // Dotted keys join the object that was given whole; its own errors are parse_value()'s to tell.
  void add_dotted() {
    for (auto& [setting, entry] : dotted_) {
      auto& [name, keys] = entry;
      Json whole = Json::object();
      for (const FlagValue& each : line_.flags) {
        if (each.setting != setting) continue;
        const auto json = parse_json(each.text, each.name);
        if (!json || !json->is_object()) return;
        whole = *json;
      }
      whole.update(keys, true);
      line_.flags.push_back({setting, whole.dump(), name});
    }
  }

  static bool is_flag(std::string_view argument) {
    if (argument.size() < 2 || argument[0] != '-') return false;
    const char next = argument[1];
    return !(next == '.' || (next >= '0' && next <= '9'));
  }

  Status take_positional(const std::string& argument) {
    if (line_.command == Command::kHelp && !line_.topic) {
      const bool one_word = command_named(argument).has_value();
      line_.topic = one_word || at_ == args_.size() ? command_named(argument) : two_words(argument);
      if (line_.topic) return {};
    }
    if (contains(kForCacheFile, line_.command)) {
      line_.flags.push_back({Setting::kCacheFile, argument, "FILE"});
      return {};
    }
    if (!contains(kForModel, line_.command)) {
      return error(Code::kInvalidArgument, "{}: wanted {}, found '{}'", command().name,
                   line_.command == Command::kHelp ? "the name of a command" : "no more arguments",
                   argument);
    }
    line_.flags.push_back({Setting::kModel, argument, "MODEL"});
    return {};
  }

  // The topic of `spyre help bench serve`.
  std::optional<Command> two_words(const std::string& first) {
    const auto command = command_named(first + " " + args_[at_]);
    if (command) ++at_;
    return command;
  }

  std::span<const std::string> args_;
  size_t at_ = 0;
  CommandLine line_;
  std::map<Setting, std::pair<std::string, Json>> dotted_;  // flag as written, its object
};

}  // namespace

// Twice the same model (MODEL and --model) is fine.
Status check_model(const CommandLine& line) {
  if (!contains(kForModel, line.command) || line.help) return {};
  const std::string_view command = name(line.command);
  const std::string* model = nullptr;
  bool elsewhere = false;
  for (const FlagValue& each : line.flags) {
    elsewhere |= each.setting == Setting::kUrl;
    if (each.setting != Setting::kModel) continue;
    if (model != nullptr && *model != each.text) {
      return error(Code::kInvalidArgument,
                   "{}: wanted one MODEL, found '{}' and '{}'; texts with blanks need quotes",
                   command, *model, each.text);
    }
    model = &each.text;
  }
  if (model != nullptr && elsewhere) {
    return error(Code::kInvalidArgument,
                 "{}: wanted a MODEL or --url, found both; --model-name names the server's model",
                 command);
  }
  if (model != nullptr && !model->empty()) return {};
  if (model == nullptr && (elsewhere || contains(kModelOptional, line.command))) return {};
  return error(Code::kInvalidArgument,
               "{}: wanted a MODEL (a folder, a .gguf file or a hub id), found none", command);
}

Result<CommandLine> parse_command_line(std::span<const std::string> args) {
  if (args.empty() || args[0] == "--help" || args[0] == "-h") return CommandLine{};
  if (args[0] == "--version" || args[0] == "-V") return CommandLine{.command = Command::kVersion};
  if (const auto command = command_named(args[0])) return Parser(*command, args.subspan(1)).run();
  // Some names are two words.
  const auto two_words = args.size() > 1 ? command_named(args[0] + " " + args[1]) : std::nullopt;
  if (two_words) return Parser(*two_words, args.subspan(2)).run();
  std::vector<std::string_view> names;
  for (const CommandInfo& each : commands()) names.push_back(each.name);
  return error(Code::kInvalidArgument, "wanted a command ({}), found '{}'{}",
               fmt::join(names, ", "), args[0], suggestion(args[0], names));
}

}  // namespace spyre::config
