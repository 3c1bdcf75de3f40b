// What becomes of a request once its head is read: which route it goes to, or which answer it gets
// without one. Shared by all connections, never written after start; knows no socket.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "serve/http/cors.h"
#include "serve/http/keys.h"
#include "serve/http/router.h"
#include "serve/http/server.h"

namespace spyre::serve::http {

// Either a route, whose handler shall answer, or an answer.
struct Decision {
  const Route* route = nullptr;
  std::optional<Response> response = {};
};

class Gate {
 public:
  // kInvalidArgument: routes or root_path make no sense.
  static Result<Gate> create(ServerOptions options, std::vector<Route> routes);

  const ServerOptions& options() const { return options_; }

  // Fills path, query, id and path_value of a request whose head was read. `target`: of its request
  // line.
  Decision decide(Request& request, std::string_view target) const;

  // What the server adds to every answer to `request`.
  Headers more_headers(const Request& request) const;

  Response error(int status, std::string_view message) const;

 private:
  Gate(ServerOptions options, Router router);
  Response wrong_method(const Match& match) const;

  ServerOptions options_;
  Router router_;
  Cors cors_;
  Keys keys_;
};

}  // namespace spyre::serve::http
