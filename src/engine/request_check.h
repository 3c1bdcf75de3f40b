// What a request must look like whatever the scheduler thinks of it, and what the scheduler is told
// of it. Pure; any thread may ask.
#pragma once

#include "engine/request.h"
#include "schedule/scheduler.h"

namespace spyre::engine {

// kInvalidArgument: an empty prompt, ids outside the vocabulary, a parameter of sampling or of the
// beam search out of range, beams that a grammar would guide; names the field.
Status check_request(const Request& request, const sample::SamplingLimits& limits);

schedule::Demand demand_of(RequestId id, const Request& request);

}  // namespace spyre::engine
