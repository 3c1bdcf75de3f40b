// Machine code for a model's graphs, from the graph cache or from the compiler.
#pragma once

#include "cli/open_model.h"
#include "config/settings.h"

namespace spyre::cli {

// Whether what runs is worth the fraction of a second that compiling takes. Code that the cache
// keeps always is.
enum class RunLength : uint8_t { kShort, kLong };

// Has graphs compiled as they are prepared, with a line of progress, and kept in the cache that the
// settings name; nothing when the backend is eager. open.compile_allowed is set. Errors: those of
// graph_cache_of().
Status compile_graphs(OpenModel& open, const config::Settings& settings, RunLength length);

}  // namespace spyre::cli
