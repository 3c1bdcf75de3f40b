#include "config/command_line.h"

#include <algorithm>

#include "config/nearest.h"

namespace spyre::config {

namespace {

bool takes_value(const SettingInfo& row) {
  return row.type != Type::kBool && row.type != Type::kSwitch;
}

// ", did you mean X?" or nothing.
std::string suggestion(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view found = nearest(word, candidates);
  return found.empty() ? std::string() : fmt::format("; did you mean {}?", found);
}

const SettingInfo* row_of_flag(std::string_view flag) {
  if (flag.empty()) return nullptr;
  for (const SettingInfo& row : table()) {
    if (row.flag == flag || row.short_flag == flag) return &row;
  }
  return nullptr;
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

// An argument that begins with a dash, taken apart.
struct Written {
  std::string name;                  // with dashes for underscores
  std::optional<std::string> value;  // after = or, for short flags, right behind
};

Written take_apart(const std::string& argument) {
  if (!argument.starts_with("--")) {
    const bool attached = argument.size() > 2 && row_of_flag(argument) == nullptr &&
                          argument.find('=') == std::string::npos &&
                          row_of_flag(std::string_view(argument).substr(0, 2)) != nullptr;
    if (attached) return {argument.substr(0, 2), argument.substr(2)};
  }
  const size_t equals = argument.find('=');
  Written written{argument.substr(0, equals), std::nullopt};
  if (equals != std::string::npos) written.value = argument.substr(equals + 1);
  std::ranges::replace(written.name, '_', '-');
  return written;
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
    SPYRE_TRY(check_model());
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
    if (row == nullptr) return unknown(written.name);
    if (!contains(row->commands, line_.command)) {
      return error(Code::kInvalidArgument, "{} is a flag of {}, not of {}", written.name,
                   commands_of(*row), command().name);
    }
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
    std::vector<std::string_view> candidates{"--help"};
    for (const SettingInfo& row : table()) {
      if (!row.flag.empty() && contains(row.commands, line_.command))
        candidates.push_back(row.flag);
    }
    return error(Code::kInvalidArgument, "unknown flag {}{} See spyre {} --help", flag,
                 suggestion(flag, candidates), command().name);
  }

  Status take_values(const SettingInfo& row, const Written& written) {
    if (written.value) {
      line_.flags.push_back({row.setting, *written.value, written.name});
      return {};
    }
    // A negative number is a value; whatever else begins with a dash is the next flag.
    const bool missing = at_ == args_.size() || is_flag(args_[at_]);
    if (missing) {
      return error(Code::kInvalidArgument,
                   "{}: wanted {}, found {}; a value that begins with a dash "
                   "is written {}=VALUE",
                   written.name, expectation(row),
                   at_ == args_.size() ? "nothing" : "the flag " + args_[at_], written.name);
    }
    do {
      line_.flags.push_back({row.setting, args_[at_++], written.name});
    } while (row.type == Type::kWords && at_ < args_.size() && !is_flag(args_[at_]));
    return {};
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

  // One model; twice the same is fine (MODEL and --model).
  Status check_model() const {
    if (!contains(kForModel, line_.command) || line_.help) return {};
    const std::string* model = nullptr;
    for (const FlagValue& each : line_.flags) {
      if (each.setting != Setting::kModel) continue;
      if (model != nullptr && *model != each.text) {
        return error(Code::kInvalidArgument,
                     "{}: wanted one MODEL, found '{}' and '{}'; texts with blanks need quotes",
                     command().name, *model, each.text);
      }
      model = &each.text;
    }
    if (model != nullptr && !model->empty()) return {};
    if (model == nullptr && contains(kModelOptional, line_.command)) return {};
    return error(Code::kInvalidArgument,
                 "{}: wanted a MODEL (a folder, a .gguf file or a hub id), found none",
                 command().name);
  }

  std::span<const std::string> args_;
  size_t at_ = 0;
  CommandLine line_;
};

}  // namespace

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
