// Settings from a line of arguments, with an environment of the test's own.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"

namespace spyre::cli::testing {

inline config::Settings settings_of(const std::vector<std::string>& arguments,
                                    config::Environment::Variables variables = {}) {
  return config::load(config::Environment(std::move(variables)),
                      config::parse_command_line(arguments).value())
      .value();
}

}  // namespace spyre::cli::testing
