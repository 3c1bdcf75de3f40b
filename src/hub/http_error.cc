#include "hub/http_error.h"

#include <algorithm>

namespace spyre::hub {

namespace {

// The hub's own words, fit for a terminal.
std::string words(const ResponseHead& head) {
  std::string text = head.error_message.substr(0, 300);
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text.empty() ? "" : fmt::format(" The hub says: {}", text);
}

std::string_view token_advice(const HubOptions& options) {
  return options.token.empty()
             ? "no token was sent: set HF_TOKEN to one that may read it"
             : "the token of HF_TOKEN (or of the token file) does not open it: set another";
}

}  // namespace

Error http_error(const ResponseHead& head, std::string_view subject, const HubOptions& options) {
  const auto say = [&](Code code, std::string_view what) {
    return Error{code, fmt::format("{}: {} (HTTP {}).{}", subject, what, head.status, words(head))};
  };
  if (head.status == 403 || head.error_code == "GatedRepo") {
    return say(Code::kInvalidArgument,
               fmt::format("access refused; if its terms must be accepted, do so at {}; {}",
                           options.endpoint, token_advice(options)));
  }
  if (head.status == 401) {
    return say(
        Code::kInvalidArgument,
        fmt::format("private, gated or not there; check the name; {}", token_advice(options)));
  }
  if (head.status == 404) {
    const std::string_view what =
        head.error_code == "RevisionNotFound"
            ? "no such revision"
            : "not on the hub; check the name (a local path would be used if it existed)";
    return say(Code::kNotFound, fmt::format("{}; HF_ENDPOINT is {}", what, options.endpoint));
  }
  if (head.status == 429) {
    return say(Code::kUnavailable,
               fmt::format("the hub wants a pause of {} s; a token in HF_TOKEN raises its limit",
                           head.retry_after_s));
  }
  if (head.status == 408 || head.status >= 500) {
    return say(Code::kUnavailable, fmt::format("{} is in trouble", options.endpoint));
  }
  return say(Code::kInternal, fmt::format("unexpected answer of {}", options.endpoint));
}

}  // namespace spyre::hub
