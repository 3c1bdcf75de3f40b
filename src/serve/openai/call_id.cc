#include "serve/openai/call_id.h"

#include "serve/http/request_id.h"

namespace spyre::serve::openai {

std::string make_call_id(CallIds style) {
  constexpr size_t kNineDigits = 9;
  const std::string digits = http::request_id("");
  if (style == CallIds::kNine) return digits.substr(0, kNineDigits);
  return "chatcmpl-tool-" + digits;
}

}  // namespace spyre::serve::openai
