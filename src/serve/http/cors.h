// Cross-origin requests (the Fetch standard): which headers an answer carries so that a browser
// shows it to a page of another origin, and the answer to the browser's question beforehand.
#pragma once

#include <optional>

#include "serve/http/exchange.h"
#include "serve/http/server.h"

namespace spyre::serve::http {

class Cors {
 public:
  explicit Cors(CorsOptions options) : options_(std::move(options)) {}

  // To be added to the answer of `request`; none for requests of the same origin.
  Headers headers(const Request& request) const;

  // The answer to OPTIONS with Origin and Access-Control-Request-Method, 200 or 400; none when
  // `request` is no such question, or there is no CORS.
  std::optional<Response> preflight(const Request& request) const;

 private:
  bool any_origin() const;
  bool allows_origin(std::string_view origin) const;

  CorsOptions options_;
};

}  // namespace spyre::serve::http
