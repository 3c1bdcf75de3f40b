#include "serve/probes.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/json.h"

namespace spyre::serve {

namespace {

Json describe(const LifecycleState& state) {
  Json json{{"status", state.phase == Phase::kReady ? "ready" : "not ready"},
            {"phase", name(state.phase)}};
  if (state.total > 0) json["progress"] = {{"done", state.done}, {"total", state.total}};
  if (state.eta_seconds) json["eta_seconds"] = std::round(*state.eta_seconds * 10) / 10;
  return json;
}

http::Response not_ready(const LifecycleState& state) {
  const double seconds = std::clamp(std::ceil(state.eta_seconds.value_or(1)), 1.0, 60.0);
  return {.status = 503,
          .body = describe(state).dump(),
          .headers = {{"Retry-After", std::to_string(static_cast<int>(seconds))}}};
}

void answer_health(const Lifecycle& lifecycle, http::Exchange& exchange) {
  const LifecycleState state = lifecycle.state();
  const bool lives = state.phase == Phase::kReady || state.phase == Phase::kDraining;
  exchange.send(lives ? http::Response{} : not_ready(state));
}

}  // namespace

std::vector<http::Route> probe_routes(const Lifecycle& lifecycle,
                                      const std::atomic<int64_t>& in_flight, bool track_load,
                                      std::string version) {
  const auto probe = [](std::string method, std::string path, http::Handler handler) {
    return http::Route{.method = std::move(method),
                       .path = std::move(path),
                       .handler = std::move(handler),
                       .open = true,
                       .counted = false};
  };
  const http::Handler health = [&lifecycle](const std::shared_ptr<http::Exchange>& exchange) {
    answer_health(lifecycle, *exchange);
  };
  const http::Handler ready = [&lifecycle](const std::shared_ptr<http::Exchange>& exchange) {
    const LifecycleState state = lifecycle.state();
    exchange->send(state.phase == Phase::kReady ? http::Response{.body = describe(state).dump()}
                                                : not_ready(state));
  };
  const http::Handler load = [&in_flight,
                              track_load](const std::shared_ptr<http::Exchange>& exchange) {
    exchange->send({.body = Json{{"server_load", track_load ? in_flight.load() : 0}}.dump()});
  };
  const http::Handler versions =
      [version = std::move(version)](const std::shared_ptr<http::Exchange>& exchange) {
        exchange->send({.body = Json{{"version", version}}.dump()});
      };
  return {probe("GET", "/health", health), probe("GET", "/ping", health),
          probe("POST", "/ping", health),  probe("GET", "/ready", ready),
          probe("GET", "/load", load),     probe("GET", "/version", versions)};
}

}  // namespace spyre::serve
