// The command line: spyre COMMAND [MODEL or FILE] [flags]. Which flags there are and which command
// takes them is in the table; this file knows only how they are written: --a-b, --a_b, --a=b, --a
// b,
// --no-a for booleans, -x and -x5 for short ones, --a.key v for keys of a JSON object, -- before a
// MODEL that begins with a dash. What the values mean is value.h's matter. (CLI11 would hold the
// table a second time, so it is not used.)
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
  std::string text;        // booleans: "1" or "0"
  std::string name;        // as it was written, without a value; "MODEL" for the positional one
  bool from_file = false;  // of --config
};

struct CommandLine {
  Command command = Command::kHelp;
  std::vector<FlagValue> flags = {};       // in their order; repeated flags more than once
  bool help = false;                       // --help: print the command's flags, do nothing else
  std::optional<Command> topic = {};       // of `spyre help COMMAND`
  std::vector<std::string> warnings = {};  // flags of vLLM that have no effect here
};

// args: without the program's name. No arguments at all: help. kInvalidArgument: unknown command or
// flag (with the nearest one), a flag of another command, a missing or superfluous value, two
// MODELs or FILEs or none, unless --config names a file that may have the MODEL. kUnsupported: a
// flag of vLLM that would change answers.
Result<CommandLine> parse_command_line(std::span<const std::string> args);

// kInvalidArgument: the command needs a MODEL and the flags have none, or two different ones.
Status check_model(const CommandLine& line);

}  // namespace spyre::config
