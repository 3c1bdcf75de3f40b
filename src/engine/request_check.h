// What a request must look like whatever the scheduler thinks of it, and what the scheduler is told
// of it. Pure; any thread may ask.
#pragma once

#include "engine/request.h"
#include "schedule/scheduler.h"

namespace spyre::engine {

// What a request is held to.
struct RequestLimits {
  sample::SamplingLimits sampling = {};
  bool pools = false;           // the model gives vectors, not text
  int64_t num_token_types = 0;  // of the model; 0: it does not look at them
};

// kInvalidArgument: a request of the other kind than the model, token types that are not one a
// token or out of range; an empty prompt, ids outside the vocabulary, a parameter of sampling or of
// the beam search out of range, beams that a grammar would guide; names the field.
Status check_request(const Request& request, const RequestLimits& limits);

schedule::Demand demand_of(RequestId id, const Request& request);

}  // namespace spyre::engine
