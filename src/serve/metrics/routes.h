// The routes of this room: /metrics and whatever lies under it, /spyre/state, and the page at /.
#pragma once

#include <string_view>
#include <vector>

#include "serve/http/server.h"
#include "serve/metrics/live_state.h"
#include "serve/metrics/server_metrics.h"

namespace spyre::serve::metrics {

// web/index.html.
std::string_view index_html();

// Open to everyone but /spyre/state, which shows what runs; none is counted. The references are
// borrowed and outlive the server.
std::vector<http::Route> metrics_routes(const ServerMetrics& metrics, const LiveState& state);

}  // namespace spyre::serve::metrics
