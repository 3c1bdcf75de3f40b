// Replays a trace of requests step by step, untouched by time, and tells of the state before each
// step: scheduling seen from outside. docs/step_trace.md describes every line.
#pragma once

#include <functional>
#include <span>

#include "engine/replay_target.h"

namespace spyre::engine {

// One line of output: a row of a step, or the results at the end.
using ReplayWriter = std::function<void(const Json& line)>;
// Asked before each step; true ends the replay as it is.
using ReplayStop = std::function<bool()>;

// Until nothing is left. kCancelled: it was stopped. Errors of the target's step().
Status replay(std::span<const TraceRequest> trace, ReplayTarget& target, const ReplayWriter& write,
              const ReplayStop& stopped);

}  // namespace spyre::engine
