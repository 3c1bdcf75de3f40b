// Which route a path belongs to. Literal segments beat {segment}, which beats /*; among methods of
// one path, HEAD is answered by GET. Knows no connection.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "serve/http/server.h"
#include "serve/http/target.h"

namespace spyre::serve::http {

struct Match {
  const Route* route = nullptr;      // none: no such path (allowed empty) or no such method
  std::string path_value = {};       // what {segment} or * stood for
  std::vector<std::string> allowed;  // methods of the path, for Allow; sorted
};

class Router {
 public:
  // root_path: "" or "/prefix"; paths are found with and without it. kInvalidArgument: a route
  // twice, a path that does not begin with a slash, a * that is not last.
  static Result<Router> create(std::vector<Route> routes, std::string_view root_path);

  // `target` loses the prefix root_path. The answer points into this Router.
  Match find(std::string_view method, Target& target) const;

 private:
  struct Entry {
    Route route;
    std::vector<std::string> segments;  // of its path; "*" at the end matches any rest
  };

  Router() = default;
  void drop_root_path(Target& target) const;

  std::vector<Entry> entries_;  // the most special first
  std::vector<std::string> root_;
};

}  // namespace spyre::serve::http
