// The HTTP/1.1 server: listens, reads requests within limits, checks keys, routes, answers. It
// knows no model and no JSON. Beast and Asio stay behind this header.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "serve/http/exchange.h"

namespace spyre::serve::http {

struct Route {
  std::string method;  // "GET"
  std::string path;    // "/v1/models", "/v1/models/{id}" (one segment), "/metrics/*" (any rest)
  Handler handler;
  bool open = false;    // answered without a key
  bool counted = true;  // part of the http_* metrics and of the access log
};

// One answered request, for metrics and the access log.
struct AccessRecord {
  const Request& request;
  std::string_view route;  // the path of its Route; "none" when there is none
  bool counted = true;
  int status = 0;
  int64_t request_bytes = 0;   // of the body
  int64_t response_bytes = 0;  // of the body
  double seconds = 0;  // from the request's last byte read to the answer's last byte written
  std::string client;  // "127.0.0.1:5012", or "unix"
};

struct TlsOptions {
  std::string certificate_file = {};  // PEM chain
  std::string key_file = {};          // PEM; empty: in certificate_file
  std::string client_ca_file = {};    // PEM; with client_certificate != 0
  int client_certificate = 0;         // 0 none, 1 optional, 2 required
  std::string ciphers = {};           // TLS 1.2's, in OpenSSL's words; empty: its own choice
};

struct CorsOptions {
  std::vector<std::string> origins;  // empty: no CORS headers; "*": all
  std::vector<std::string> methods = {"*"};
  std::vector<std::string> headers = {"*"};
  bool credentials = false;
};

struct ServerOptions {
  std::string host = "0.0.0.0";
  uint16_t port = 8000;  // 0: any free one
  std::string uds = {};  // a path: listens there instead of host and port
  std::optional<TlsOptions> tls = {};
  CorsOptions cors = {};
  std::vector<std::string> api_keys = {};  // none: no key is asked for
  std::string root_path = {};              // a prefix that a proxy leaves on paths
  bool request_id_headers = false;         // X-Request-Id on every answer
  int64_t max_body_bytes = int64_t{64} << 20;
  int64_t max_header_bytes = int64_t{4} << 20;
  int64_t max_header_count = 256;
  int64_t max_stream_backlog_bytes = int64_t{4} << 20;  // unsent pieces of one answer
  int64_t max_connections = 4096;
  std::chrono::milliseconds header_timeout{10'000};  // from the first byte to the last header
  std::chrono::milliseconds body_timeout{60'000};    // from the last header to the body's end
  std::chrono::milliseconds write_timeout{60'000};   // without a byte taken by the client
  std::chrono::milliseconds keep_alive{5'000};       // idle between requests
  std::chrono::milliseconds stream_comment{
      15'000};  // ": keep-alive" in a silent event stream; 0: never
  // The body of answers that the server itself gives: 400, 401, 404, 405, 408, 413, 431, 500, 503.
  std::function<Response(int status, std::string_view message)> error_response;
  std::function<void(const AccessRecord&)> on_answered;  // on the I/O thread
};

class Server {
 public:
  // Listens when it returns; serves on one thread of its own. kInvalidArgument: TLS files, a route
  // twice; kIo: the address is taken or not ours (the message says which setting to change).
  static Result<std::unique_ptr<Server>> start(ServerOptions options, std::vector<Route> routes);
  virtual ~Server() = default;

  virtual uint16_t port() const = 0;
  virtual int64_t open_connections() const = 0;
  // Stops accepting, answers what is in flight for at most `grace`, closes, joins its thread.
  virtual void stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace spyre::serve::http
