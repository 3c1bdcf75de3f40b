// The two ways of `spyre generate`.
#pragma once

#include "config/settings.h"

namespace spyre::cli {

// One prompt, from `source`, streamed to standard output. Returns the exit status.
Result<int> generate_one(const config::Settings& settings, config::Setting source);

// The requests of --input, run together; results in their order to --output or standard output.
Result<int> generate_batch(const config::Settings& settings);

}  // namespace spyre::cli
