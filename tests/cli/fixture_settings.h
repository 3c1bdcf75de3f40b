// Settings from a line of arguments, with an empty environment.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"

namespace spyre::cli::testing {

inline config::Settings settings_of(const std::vector<std::string>& arguments) {
  return config::load(config::Environment(), config::parse_command_line(arguments).value()).value();
}

}  // namespace spyre::cli::testing
