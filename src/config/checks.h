// Combinations of settings that cannot work, found before any file is read: one function a rule. It
// knows no model: rules that need one are checked where the model is.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"

namespace spyre::config {

// kInvalidArgument names both settings and what to change. Combinations that work, but not as they
// look, add a line to warnings.
Status check_combinations(const Settings& settings, Command command,
                          std::vector<std::string>& warnings);

}  // namespace spyre::config
