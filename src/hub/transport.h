// A GET, streamed: the C++ side of the crate's spyre_hub_get. Callbacks judge the response as it
// comes; an error from one of them ends the transfer and becomes its result.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

struct SpyreHubClient;

namespace spyre::hub {

struct ResponseHead {
  int status = 0;          // of HTTP, after redirects
  int64_t first_byte = 0;  // position of the body in the file; above 0 only with status 206
  int64_t retry_after_s = 0;
  std::string error_code;  // the hub's reason: "GatedRepo", "RepoNotFound", ...; empty when absent
  std::string error_message;
};

struct Receiver {
  std::function<Status(const ResponseHead&)> on_response;
  // A piece of the body; empty about ten times a second while nothing comes.
  std::function<Status(std::span<const std::byte>)> on_body;
};

struct GetRequest {
  std::string url;
  std::string token;       // empty: none is sent
  int64_t first_byte = 0;  // above 0: only the rest is asked for
  std::chrono::milliseconds idle_timeout{30'000};
};

// Keeps connections for the requests of one download. One thread at a time.
class Transport {
 public:
  // kInternal when the TLS library cannot be used.
  static Result<Transport> create();

  // Blocks until the response ended. Errors: what a callback gave; kUnavailable (no connection,
  // cut, silent for idle_timeout), kInvalidArgument (the URL or the token cannot be sent).
  Status get(const GetRequest& request, const Receiver& receiver) const;

 private:
  struct Free {
    void operator()(SpyreHubClient* client) const;
  };
  explicit Transport(SpyreHubClient* client) : client_(client) {}
  std::unique_ptr<SpyreHubClient, Free> client_;
};

// Every byte outside A-Z a-z 0-9 - . _ ~ as %XX, slashes too unless kept.
std::string percent_encode(std::string_view text, bool keep_slashes);

}  // namespace spyre::hub
