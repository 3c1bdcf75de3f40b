// What orchestrators and load balancers ask: is it alive, is it ready, how busy is it, which
// version. Open to everyone, never counted as traffic.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "serve/http/server.h"
#include "serve/lifecycle.h"

namespace spyre::serve {

// /health and /ping: 200 and nothing while the engine lives and is warm, draining included; 503
// with the phase before and after. /ready: 200 only while new requests are taken; always the phase,
// its progress and, while it starts, the seconds left. /load: {"server_load": N}, N 0 unless
// track_load. /version: {"version": V}. The references are borrowed and outlive the server.
std::vector<http::Route> probe_routes(const Lifecycle& lifecycle,
                                      const std::atomic<int64_t>& in_flight, bool track_load,
                                      std::string version);

}  // namespace spyre::serve
