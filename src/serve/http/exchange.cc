#include "serve/http/exchange.h"

#include "serve/http/text.h"

namespace spyre::serve::http {

std::string_view Request::header(std::string_view name) const {
  for (const auto& [each, value] : headers) {
    if (equal_ignoring_case(each, name)) return value;
  }
  return {};
}

}  // namespace spyre::serve::http
