// The paths of the API and what answers them. The probes (/health, /ready, /ping, /load, /version),
// /metrics and the page at / belong to serve/metrics; /openapi.json describes them all.
#pragma once

#include <vector>

#include "serve/http/server.h"
#include "serve/openai/gate.h"

namespace spyre::serve::openai {

std::vector<http::Route> make_routes(const Frontend& frontend);

}  // namespace spyre::serve::openai
