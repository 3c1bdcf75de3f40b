#include "serve/metrics/routes.h"

#include <memory>
#include <string>
#include <utility>

namespace spyre::serve::metrics {

namespace {

// All that the page may do: itself, and this server.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

http::Route route(std::string path, bool open, std::function<http::Response()> answer) {
  return {
      .method = "GET",
      .path = std::move(path),
      .handler = [answer = std::move(answer)](
                     const std::shared_ptr<http::Exchange>& exchange) { exchange->send(answer()); },
      .open = open,
      .counted = false};
}

}  // namespace

std::vector<http::Route> metrics_routes(const ServerMetrics& metrics, const LiveState& state) {
  const auto text = [&metrics]() -> http::Response {
    return {.body = metrics.text(), .content_type = "text/plain; version=0.0.4; charset=utf-8"};
  };
  const auto json = [&state]() -> http::Response {
    return {.body = state.json().dump(-1, ' ', false, Json::error_handler_t::replace),
            .headers = {{"Cache-Control", "no-store"}}};
  };
  const auto page = []() -> http::Response {
    return {.body = std::string(index_html()),
            .content_type = "text/html; charset=utf-8",
            .headers = {{"Cache-Control", "no-cache"},
                        {"Content-Security-Policy", kPolicy},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Referrer-Policy", "no-referrer"}}};
  };
  return {route("/metrics", true, text), route("/metrics/*", true, text),
          route("/spyre/state", false, json), route("/", true, page)};
}

}  // namespace spyre::serve::metrics
