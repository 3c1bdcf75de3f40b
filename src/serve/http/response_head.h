// An answer as bytes: status line and headers, and the framing of a stream's pieces. Nothing that a
// handler puts into a header can end its line.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "serve/http/exchange.h"

namespace spyre::serve::http {

struct Framing {
  bool keep_alive = true;
  bool http_1_0 = false;
  std::optional<int64_t> content_length = {};  // none: chunked, or until the end (HTTP/1.0)
};

// "OK", "Not Found", ...; "Unknown" for numbers nobody uses.
std::string_view reason(int status);

// The head of `response` with `more` headers after its own; `now` for Date.
std::string response_head(const Response& response, const Headers& more, const Framing& framing,
                          std::time_t now);

// "5\r\nhello\r\n"; nothing for no bytes, which would end the stream.
std::string chunk(std::string_view piece);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// Whether answers of that status have no body, and so no length.
constexpr bool bodiless(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace spyre::serve::http
