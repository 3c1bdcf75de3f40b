// Bytes to requests, in whatever pieces they come, within limits. Knows no socket and no clock; the
// grammar is Beast's, which stays behind this header, and stricter where two readings of one
// request are possible (the root of request smuggling): one Host, one length, no coding but
// chunked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "serve/http/exchange.h"

namespace spyre::serve::http {

struct ParseLimits {
  int64_t max_header_bytes = int64_t{4} << 20;  // request line and headers
  int64_t max_header_count = 256;
  int64_t max_body_bytes = int64_t{64} << 20;
};

// What a request must be answered that is none. The connection cannot go on after it.
struct ParseFailure {
  int status = 400;  // 400, 413, 417 or 431
  std::string message;
};

class RequestParser {
 public:
  explicit RequestParser(const ParseLimits& limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Takes bytes from the front of `input`, in which what was not taken before must still be in
  // front; returns how many. Stops after the head and after the end of the request. After a
  // failure: take no more.
  size_t take(std::string_view input);

  const std::optional<ParseFailure>& failure() const;
  bool head_complete() const;  // request line and headers are there, and sound
  bool complete() const;       // the body, too

  Request& request();                 // method, headers and body; path and query stay empty
  const std::string& target() const;  // of the request line, as it came
  bool http_1_0() const;
  bool keep_alive() const;        // what the client wants
  bool expects_continue() const;  // waits for "100 Continue" before it sends the body

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spyre::serve::http
