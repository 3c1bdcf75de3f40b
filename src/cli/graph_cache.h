// The cache of compiled graphs as the settings have it. Whoever compiles asks graph_cache_of() once
// at start and puts the fields of this_machine() among those of each entry.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cache/graph_cache.h"
#include "config/settings.h"

namespace spyre::cli {

// Nothing when it is off: not enabled, or VLLM_DISABLE_COMPILE_CACHE. kInvalidArgument: enabled
// without a folder (config/checks.h finds that before), or a folder that is not safe; kIo.
Result<std::optional<cache::GraphCache>> graph_cache_of(const config::Settings& settings);

// What ties code to where it was made: {"cpu", model and features that this process has},
// {"cpu_flags", hash of all that it has} and {"spyre", version}. An entry that has these fields
// with other values is of no use here.
std::vector<std::pair<std::string, std::string>> this_machine();

}  // namespace spyre::cli
