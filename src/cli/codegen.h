// Machine code for graphs: worth its fraction of a second where a model runs for long.
#pragma once

#include <functional>

#include "cli/open_model.h"

namespace spyre::cli {

// Has the model's graphs compiled as they are prepared, with a line of progress; nothing when the
// backend is eager. told, when given: routines done and in total.
void compile_graphs(OpenModel& open, std::function<void(int64_t done, int64_t total)> told = {});

}  // namespace spyre::cli
