// Whether the served model is of the kind that an endpoint needs. Where it is not, the answer says
// what the model is, and which endpoint or which flag of the server would do.
#pragma once

#include "serve/openai/api_error.h"
#include "serve/openai/service.h"

namespace spyre::serve::openai {

ApiStatus check_generates(const Service& service);   // text
ApiStatus check_pools(const Service& service);       // vectors or labels
ApiStatus check_embeds(const Service& service);      // vectors
ApiStatus check_classifies(const Service& service);  // labels
ApiStatus check_scores(const Service& service);      // vectors, or a single label

}  // namespace spyre::serve::openai
