// Any bytes are a request, the beginning of one, or a failure with a 4xx; in one piece and byte by
// byte they are the same one. What a request then says is looked at by everything that reads it.
#include <vector>

#include "base/result.h"
#include "serve/http/cors.h"
#include "serve/http/keys.h"
#include "serve/http/request_id.h"
#include "serve/http/request_parser.h"
#include "serve/http/target.h"

namespace http = spyre::serve::http;

namespace {

constexpr http::ParseLimits kLimits{
    .max_header_bytes = 2000, .max_header_count = 16, .max_body_bytes = 500};

void parse(http::RequestParser& parser, std::string_view text, size_t piece_bytes) {
  std::string waiting;
  while (!parser.complete() && !parser.failure()) {
    const size_t taken = parser.take(waiting);
    SPYRE_CHECK(taken <= waiting.size());
    waiting.erase(0, taken);
    if (taken > 0 || parser.failure() || parser.complete()) continue;
    if (text.empty()) return;
    const size_t bytes = std::min(piece_bytes, text.size());
    waiting += text.substr(0, bytes);
    text.remove_prefix(bytes);
  }
}

void look_at(http::RequestParser& parser) {
  const http::Request& request = parser.request();
  SPYRE_CHECK(request.body.size() <= 500 && request.headers.size() <= 16);
  const auto target = http::parse_target(parser.target());
  if (target && !target->asterisk) SPYRE_CHECK(target->path().starts_with('/'));
  const http::Cors cors({.origins = {"https://a"}, .methods = {"GET"}, .headers = {"x"}});
  static_cast<void>(cors.headers(request));
  static_cast<void>(cors.preflight(request));
  const std::vector<std::string> keys = {"key"};
  static_cast<void>(http::Keys(keys).accept(request.header("Authorization")));
  SPYRE_CHECK(!http::request_id(request.header("X-Request-Id")).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  http::RequestParser whole(kLimits);
  parse(whole, text, size + 1);
  http::RequestParser split(kLimits);
  parse(split, text, 1);
  SPYRE_CHECK(whole.complete() == split.complete());
  if (whole.failure()) SPYRE_CHECK(whole.failure()->status >= 400 && whole.failure()->status < 500);
  if (whole.complete()) {
    SPYRE_CHECK(whole.request().body == split.request().body);
    SPYRE_CHECK(whole.request().headers == split.request().headers);
    look_at(whole);
  }
  return 0;
}
