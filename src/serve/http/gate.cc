#include "serve/http/gate.h"

#include "serve/http/request_id.h"
#include "serve/http/target.h"

namespace spyre::serve::http {

namespace {

std::string joined(const std::vector<std::string>& methods, std::string_view more = {}) {
  std::string text;
  for (const std::string& each : methods) text += (text.empty() ? "" : ", ") + each;
  if (!more.empty()) text += fmt::format("{}{}", text.empty() ? "" : ", ", more);
  return text;
}

}  // namespace

Result<Gate> Gate::create(ServerOptions options, std::vector<Route> routes) {
  SPYRE_TRY_ASSIGN(Router router, Router::create(std::move(routes), options.root_path));
  return Gate(std::move(options), std::move(router));
}

Gate::Gate(ServerOptions options, Router router)
    : options_(std::move(options)),
      router_(std::move(router)),
      cors_(options_.cors),
      keys_(options_.api_keys) {}

Response Gate::error(int status, std::string_view message) const {
  if (options_.error_response) return options_.error_response(status, message);
  return {.status = status,
          .body = std::string(message) + "\n",
          .content_type = "text/plain; charset=utf-8"};
}

Headers Gate::more_headers(const Request& request) const {
  Headers headers = cors_.headers(request);
  if (options_.request_id_headers) headers.emplace_back("X-Request-Id", request.id);
  return headers;
}

Response Gate::wrong_method(const Match& match) const {
  Response response = error(405, "Method Not Allowed");
  response.headers.emplace_back("Allow", joined(match.allowed));
  return response;
}

Decision Gate::decide(Request& request, std::string_view text) const {
  request.id = request_id(request.header("X-Request-Id"));
  auto target = parse_target(text);
  if (!target) return {.response = error(400, target.error().message)};
  request.path = target->path();
  request.query = target->query;
  if (auto preflight = cors_.preflight(request)) return {.response = std::move(preflight)};
  if (target->asterisk) {
    if (request.method == "OPTIONS") return {.response = Response{.status = 204}};
    return {.response = error(400, "only OPTIONS may ask for *")};
  }
  Match match = router_.find(request.method, *target);
  request.path = target->path();
  if (match.route == nullptr) {
    if (match.allowed.empty()) return {.response = error(404, "Not Found")};
    if (request.method != "OPTIONS") return {.response = wrong_method(match)};
    return {.response =
                Response{.status = 204, .headers = {{"Allow", joined(match.allowed, "OPTIONS")}}}};
  }
  request.path_value = std::move(match.path_value);
  if (!match.route->open && !keys_.accept(request.header("Authorization"))) {
    Decision refused{.response = error(401,
                                       "wanted the header 'Authorization: Bearer KEY' with a "
                                       "valid API key")};
    refused.response->headers.emplace_back("WWW-Authenticate", "Bearer");
    return refused;
  }
  return {.route = match.route};
}

}  // namespace spyre::serve::http
