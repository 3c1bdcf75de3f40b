#include "serve/http/cors.h"

#include <algorithm>

#include "serve/http/text.h"

namespace spyre::serve::http {

namespace {

constexpr std::string_view kAllMethods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";
constexpr std::string_view kMaxAgeSeconds = "600";

bool has_star(const std::vector<std::string>& list) {
  return std::ranges::find(list, "*") != list.end();
}

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& each : list) text += (text.empty() ? "" : ", ") + each;
  return text;
}

}  // namespace

bool Cors::any_origin() const { return has_star(options_.origins); }

bool Cors::allows_origin(std::string_view origin) const {
  return any_origin() || std::ranges::find(options_.origins, origin) != options_.origins.end();
}

Headers Cors::headers(const Request& request) const {
  const std::string_view origin = request.header("Origin");
  if (options_.origins.empty() || origin.empty()) return {};
  Headers headers;
  if (allows_origin(origin)) {
    // "*" is refused by browsers where credentials are sent along.
    const bool star = any_origin() && !options_.credentials;
    headers.emplace_back("Access-Control-Allow-Origin", star ? "*" : std::string(origin));
    if (options_.credentials) headers.emplace_back("Access-Control-Allow-Credentials", "true");
    if (star) return headers;
  }
  headers.emplace_back("Vary", "Origin");
  return headers;
}

std::optional<Response> Cors::preflight(const Request& request) const {
  const std::string_view origin = request.header("Origin");
  const std::string_view method = request.header("Access-Control-Request-Method");
  if (options_.origins.empty() || request.method != "OPTIONS" || origin.empty() || method.empty()) {
    return std::nullopt;
  }
  std::string refused;
  const auto refuse = [&](std::string_view what) {
    refused += refused.empty() ? "Disallowed CORS " : ", ";
    refused += what;
  };
  if (!allows_origin(origin)) refuse("origin");
  const bool any_method = has_star(options_.methods);
  if (!any_method && std::ranges::find(options_.methods, method) == options_.methods.end()) {
    refuse("method");
  }
  const std::string_view wanted = request.header("Access-Control-Request-Headers");
  const bool any_header = has_star(options_.headers);
  const bool headers_allowed = std::ranges::all_of(list_elements(wanted), [&](auto each) {
    return any_header || std::ranges::any_of(options_.headers, [&](const std::string& allowed) {
             return equal_ignoring_case(allowed, each);
           });
  });
  if (!headers_allowed) refuse("headers");

  Response response{.body = refused.empty() ? "OK" : refused,
                    .content_type = "text/plain; charset=utf-8"};
  if (!refused.empty()) {
    response.status = 400;
    return response;
  }
  Headers& headers = response.headers;
  headers.emplace_back("Access-Control-Allow-Methods",
                       any_method ? std::string(kAllMethods) : joined(options_.methods));
  headers.emplace_back("Access-Control-Max-Age", kMaxAgeSeconds);
  const std::string offered = any_header ? std::string(wanted) : joined(options_.headers);
  if (!offered.empty()) headers.emplace_back("Access-Control-Allow-Headers", offered);
  return response;
}

}  // namespace spyre::serve::http
