// The YAML file of --config: keys are flags without their dashes (a-b or a_b), values are scalars,
// lists, booleans, and mappings where a flag takes a JSON object. It becomes flags like those of
// the command line, which wins.
#pragma once

#include <string_view>

#include "config/command_line.h"

namespace spyre::config {

// What the text says, as the command's flags, each named "key in FILE, line N"; and warnings of
// vLLM's flags without effect. kInvalidArgument, with file and line: not YAML, no mapping, a key
// twice or unknown (with the nearest flag), a value of the wrong kind. kUnsupported: a flag of vLLM
// that would change answers.
Result<CommandLine> parse_config_file(std::string_view text, std::string_view file,
                                      Command command);

// The line with the settings of the file that its --config names; the line itself where there is
// none. Settings that the line has already stay as they are. Errors: kNotFound, kIo (no such file,
// not a regular one), kInvalidArgument (more than 1 MiB, or no MODEL in line and file), and those
// of parse_config_file().
Result<CommandLine> with_config_file(CommandLine line);

}  // namespace spyre::config
