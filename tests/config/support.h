// What the tests of this room share: settings from a line of variables and a line of arguments.
#pragma once

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "config/settings.h"

namespace spyre::config {

using Variables = Environment::Variables;

// args: "generate MODEL" when empty.
inline Result<Settings> settings_of(const Variables& variables,
                                    std::vector<std::string> args = {"generate", "m"}) {
  SPYRE_TRY_ASSIGN(const CommandLine line, parse_command_line(args));
  return load(Environment(variables), line);
}

// The message of a Result that must be an error.
template <typename T>
std::string message(const Result<T>& result) {
  return result ? "no error" : result.error().message;
}

template <typename... Parts>
auto says(const Parts&... parts) {
  return ::testing::AllOf(::testing::HasSubstr(parts)...);
}

}  // namespace spyre::config
