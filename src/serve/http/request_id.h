// The id of a request: the client's own X-Request-Id when it can be printed anywhere, else random.
#pragma once

#include <string>
#include <string_view>

namespace spyre::serve::http {

// What of `given` is printable ASCII without quotes and backslashes, at most 128 characters of it;
// 32 random hex digits when nothing is.
std::string request_id(std::string_view given);

}  // namespace spyre::serve::http
