#include "serve/openai/api_error.h"

#include <algorithm>

#include "base/log.h"
#include "serve/openai/json_writer.h"

namespace spyre::serve::openai {

namespace {

constexpr int kQueueRetrySeconds = 5;
constexpr size_t kMaxMessageBytes = 4000;

// The words that vLLM and the OpenAI clients know.
std::string_view type_of(int status) {
  switch (status) {
    case 400:
      return "BadRequestError";
    case 401:
      return "AuthenticationError";
    case 404:
      return "NotFoundError";
    case 405:
      return "MethodNotAllowedError";
    case 408:
      return "RequestTimeoutError";
    case 413:
    case 431:
      return "RequestTooLargeError";
    case 501:
      return "NotImplementedError";
    case 503:
      return "Service Unavailable";
    default:
      return status < 500 ? "BadRequestError" : "InternalServerError";
  }
}

// Messages name their field first; a field is a word of lower case letters, digits and underscores.
std::optional<std::string> named_field(std::string_view message) {
  const size_t end = message.find(": ");
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  const std::string_view word = message.substr(0, end);
  const bool field = std::ranges::all_of(
      word, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  return field ? std::optional<std::string>(word) : std::nullopt;
}

}  // namespace

std::unexpected<ApiError> bad_type(std::string path, std::string message) {
  return std::unexpected(ApiError{.status = 400,
                                  .type = "Bad Request",
                                  .message = std::move(message),
                                  .param = std::move(path)});
}

std::unexpected<ApiError> bad_value(std::string_view field, std::string message) {
  return std::unexpected(ApiError{.status = 400,
                                  .type = std::string(type_of(400)),
                                  .message = std::move(message),
                                  .param = std::string(field)});
}

ApiError from_error(const Error& error, std::optional<std::string> param) {
  switch (error.code) {
    case Code::kInvalidArgument: {
      auto field = named_field(error.message);
      return {.status = 400,
              .type = std::string(type_of(400)),
              .message = error.message,
              .param = field ? std::move(field) : std::move(param)};
    }
    case Code::kResourceExhausted:
    case Code::kUnavailable:
      return {.status = 503,
              .type = std::string(type_of(503)),
              .message = error.message,
              .retry_after_s = kQueueRetrySeconds};
    default:
      log::error("a request failed: {}", error.message);
      return {.status = 500,
              .type = std::string(type_of(500)),
              .message = "the server failed to answer this request; its log says why"};
  }
}

std::string error_json(const ApiError& error) {
  std::string json;
  JsonWriter writer(json);
  writer.open_object();
  writer.key("error");
  writer.open_object();
  writer.field("message", to_utf8(shortened(error.message, kMaxMessageBytes)));
  writer.field("type", error.type);
  if (error.param) {
    writer.field("param", to_utf8(*error.param));
  } else {
    writer.null_field("param");
  }
  writer.field("code", error.status);
  writer.close_object();
  writer.close_object();
  return json;
}

http::Response to_response(const ApiError& error) {
  http::Response response{.status = error.status, .body = error_json(error)};
  if (error.retry_after_s > 0) {
    response.headers.emplace_back("Retry-After", std::to_string(error.retry_after_s));
  }
  return response;
}

http::Response error_response(int status, std::string_view message) {
  ApiError error{
      .status = status, .type = std::string(type_of(status)), .message = std::string(message)};
  if (status == 503) error.retry_after_s = kQueueRetrySeconds;
  return to_response(error);
}

}  // namespace spyre::serve::openai
