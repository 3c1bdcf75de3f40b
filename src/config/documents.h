// docs/env_vars.md and docs/cli.md, made from the table. tests/config holds the files to it.
#pragma once

#include <string>

namespace spyre::config {

std::string env_vars_markdown();
std::string cli_markdown();

}  // namespace spyre::config
