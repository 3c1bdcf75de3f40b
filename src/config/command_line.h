// The command line: spyre COMMAND [MODEL] [flags]. Which flags there are and which command takes
// them is in the table; this file knows only how they are written: --a-b, --a_b, --a=b, --a b,
// --no-a for booleans, -x and -x5 for short ones, -- before a MODEL that begins with a dash. What
// the values mean is value.h's matter. (CLI11 would hold the table a second time, so it is not
// used.)
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/setting.h"

namespace spyre::config {

struct FlagValue {
  Setting setting;
  std::string text;  // booleans: "1" or "0"
  std::string name;  // as it was written, without a value; "MODEL" for the positional one
};

struct CommandLine {
  Command command = Command::kHelp;
  std::vector<FlagValue> flags = {};  // in their order; repeated flags more than once
  bool help = false;                  // --help: print the command's flags, do nothing else
  std::optional<Command> topic = {};  // of `spyre help COMMAND`
};

// args: without the program's name. No arguments at all: help. kInvalidArgument: unknown command or
// flag (with the nearest one), a flag of another command, a missing or superfluous value, no MODEL
// or two.
Result<CommandLine> parse_command_line(std::span<const std::string> args);

}  // namespace spyre::config
