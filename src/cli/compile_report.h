// What `spyre compile` has to tell of its graphs, as text and as JSON.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "runner/model_runner.h"

namespace spyre::cli {

using ProgramOverviews = std::vector<runner::ModelRunner::ProgramOverview>;

// A line a graph; with regions, a table of them below it.
std::string text(const ProgramOverviews& programs, bool regions);
Json to_json(const ProgramOverviews& programs);

}  // namespace spyre::cli
