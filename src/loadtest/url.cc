#include "loadtest/url.h"

#include <algorithm>

namespace spyre::loadtest {

namespace {

std::unexpected<Error> wrong(std::string_view text) {
  return error(Code::kInvalidArgument, "--base-url: wanted http://HOST:PORT, found '{}'", text);
}

}  // namespace

std::string Url::authority() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", ipv6 ? "[" : "", host, ipv6 ? "]" : "", port);
}

Result<Url> parse_url(std::string_view text) {
  if (text.starts_with("https://")) {
    return error(Code::kUnsupported,
                 "--base-url: {}: the load generator speaks no TLS; give an http:// URL", text);
  }
  std::string_view rest = text;
  if (!rest.starts_with("http://")) return wrong(text);
  rest.remove_prefix(7);
  const size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  Url url{.host = "", .path = std::string(rest.substr(slash))};
  while (url.path.ends_with('/')) url.path.pop_back();
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return wrong(text);
    url.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
  } else {
    const size_t colon = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, colon);
    authority.remove_prefix(colon);
  }
  if (!authority.empty()) {
    const bool digits = authority.size() > 1 && authority.size() <= 6 &&
                        authority.find_first_not_of("0123456789", 1) == std::string_view::npos;
    if (authority[0] != ':' || !digits) return wrong(text);
    url.port = authority.substr(1);
  }
  const bool clean = std::ranges::none_of(
      text, [](char letter) { return static_cast<unsigned char>(letter) <= ' ' || letter == '@'; });
  if (url.host.empty() || !clean) return wrong(text);
  return url;
}

}  // namespace spyre::loadtest
