// What a client is told when something is wrong: an HTTP status and the error object of the OpenAI
// API. Decides which of our own errors a client may see: messages of requests are shown, messages
// of the machine (files, memory, the engine's inside) are logged instead.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "serve/http/exchange.h"

namespace spyre::serve::openai {

struct ApiError {
  int status = 500;
  std::string type = {};
  std::string message = {};
  std::optional<std::string> param = {};
  int retry_after_s = 0;  // > 0: a Retry-After header
};

template <typename T>
using ApiResult = std::expected<T, ApiError>;
using ApiStatus = ApiResult<void>;

// The body has a field of the wrong JSON type, or is no JSON at all. path: "body.max_tokens".
std::unexpected<ApiError> bad_type(std::string path, std::string message);
// A field's value makes no sense: its range, or beside others.
std::unexpected<ApiError> bad_value(std::string_view field, std::string message);
// A failure of our own rooms. kInvalidArgument becomes 400 with the field that the message begins
// with ("top_p: wanted ...") as param, else `param`; a full queue or a stopping engine 503; all
// else is logged, and a 500 that tells nothing of it.
ApiError from_error(const Error& error, std::optional<std::string> param = std::nullopt);

// {"error": {"message", "type", "param", "code"}}
std::string error_json(const ApiError& error);
http::Response to_response(const ApiError& error);

// The same body for answers that the HTTP server itself gives (400, 401, 404, 405, ...).
http::Response error_response(int status, std::string_view message);

}  // namespace spyre::serve::openai
