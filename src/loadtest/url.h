// Where the server is: "http://host:port/prefix", taken apart.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace spyre::loadtest {

struct Url {
  std::string host;  // of IPv6 without brackets
  std::string port = "80";
  std::string path;  // without a slash at its end: what comes before an endpoint

  std::string authority() const;  // for the Host header
};

// kInvalidArgument: no http URL; kUnsupported: https.
Result<Url> parse_url(std::string_view text);

}  // namespace spyre::loadtest
