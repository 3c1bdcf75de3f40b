// The target of a request line, taken apart: path segments, decoded one by one (so that an encoded
// slash stays inside its segment), and the query as it came. Knows nothing of routes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace spyre::serve::http {

struct Target {
  std::vector<std::string> segments;  // decoded; "/" has one, empty
  std::string query;                  // after "?", as it came
  bool asterisk = false;              // "*", of OPTIONS; there are no segments then

  std::string path() const;  // "/" and the segments, joined by "/"
};

// "/a%20b/c?q" or "http://host/a%20b/c?q" or "*". kInvalidArgument: anything else, an escape that
// is not one, a decoded NUL.
Result<Target> parse_target(std::string_view target);

// "%2F" to "/", and no "+" to blank. kInvalidArgument: a bad escape, or a NUL.
Result<std::string> percent_decode(std::string_view text);

}  // namespace spyre::serve::http
