// Errors as values. A function that can fail for a reason outside our own code (a file, a request,
// a setting) returns Result<T>; our own bugs are SPYRE_CHECKs. A message says what was wanted, what
// was found and which setting to change.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace spyre {

enum class Code {
  kInvalidArgument,
  kNotFound,
  kUnsupported,
  kResourceExhausted,
  kCancelled,
  kDeadlineExceeded,
  kUnavailable,
  kDataLoss,
  kIo,
  kInternal,
};

// "invalid_argument", ...: stable words for logs and JSON.
std::string_view name(Code code);

struct [[nodiscard]] Error {
  Code code;
  std::string message;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// error(Code::kNotFound, "{}: no such file", path) converts to any Result.
template <typename... Args>
[[nodiscard]] std::unexpected<Error> error(Code code, fmt::format_string<Args...> format,
                                           Args&&... args) {
  return std::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace spyre

#define SPYRE_CONCAT_INNER(a, b) a##b
#define SPYRE_CONCAT(a, b) SPYRE_CONCAT_INNER(a, b)

// Returns the error of a Result from the enclosing function, else goes on.
#define SPYRE_TRY(expr)                                                      \
  do {                                                                       \
    auto spyre_try_result = (expr);                                          \
    if (!spyre_try_result) return std::unexpected(spyre_try_result.error()); \
  } while (false)

// SPYRE_TRY_ASSIGN(auto file, MappedFile::open(path));
#define SPYRE_TRY_ASSIGN(target, expr) \
  SPYRE_TRY_ASSIGN_IMPL(SPYRE_CONCAT(spyre_result_, __LINE__), target, expr)
#define SPYRE_TRY_ASSIGN_IMPL(result, target, expr)    \
  auto result = (expr);                                \
  if (!result) return std::unexpected(result.error()); \
  target = std::move(*result)

// A bug of ours: prints the place and aborts. Never for a file, a request or a setting.
#define SPYRE_CHECK(condition) \
  ((condition) ? (void)0 : ::spyre::check_failed(#condition, __FILE__, __LINE__))
