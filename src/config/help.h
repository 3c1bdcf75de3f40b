// --help texts, made from the table.
#pragma once

#include <string>

#include "config/setting.h"

namespace spyre::config {

// The commands.
std::string help_text();

// A command's usage and flags, by topic; flags whose feature is missing only by name at the end.
std::string help_text(Command command);

// "--max-model-len N", "--[no-]ignore-eos", "--format {text,json}".
std::string flag_form(const SettingInfo& row);

}  // namespace spyre::config
