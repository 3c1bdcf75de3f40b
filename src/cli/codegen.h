// Machine code for a model's graphs, from the graph cache or from the compiler.
#pragma once

#include "cli/open_model.h"
#include "config/settings.h"

namespace spyre::cli {

// VLLM_SPYRE_DYNAMO_BACKEND is one of sendnn's names.
bool on_card_backend(const config::Settings& settings);

// Whether what runs is worth the fraction of a second that compiling takes. Code that the cache
// keeps always is.
enum class RunLength : uint8_t { kShort, kLong };

struct CompilePurpose {
  RunLength length = RunLength::kShort;
  int64_t graphs = 1;  // that will be prepared, for the line of progress and the time to tune them
};

// Has graphs compiled as they are prepared, with a line of progress, and kept in the cache that the
// settings name; nothing when the backend is eager. open.compile_allowed is set. Errors: those of
// graph_cache_of().
Status compile_graphs(OpenModel& open, const config::Settings& settings,
                      const CompilePurpose& purpose);

}  // namespace spyre::cli
