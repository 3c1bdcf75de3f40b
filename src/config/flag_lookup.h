// From a written word to what it names: a row of the table of settings, or a flag that only vLLM
// has. The command line and the configuration file share it; how values follow a name is theirs.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/setting.h"

namespace spyre::config {

// Booleans are written without a value.
bool takes_value(const SettingInfo& row);

// The row of a flag, "--port" or "-tp"; null when there is none.
const SettingInfo* row_of_flag(std::string_view flag);

// "; did you mean X?", or "." when nothing is near.
std::string suggestion(std::string_view word, std::span<const std::string_view> candidates);

// The flag of the command that is nearest to an unknown word, as a suggestion(): with dashes in
// front where the word has some, else, as in a file, without.
std::string flag_suggestion(std::string_view word, Command command);

// The names of the commands that take the row's flag: "generate, serve".
std::string commands_of(const SettingInfo& row);

}  // namespace spyre::config
