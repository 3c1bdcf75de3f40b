#include "serve/http/target.h"

#include "serve/http/text.h"

namespace spyre::serve::http {

namespace {

// The path and query of "http://host/path?query"; as it is when it begins with a slash.
Result<std::string> origin_form(std::string_view target) {
  if (target.starts_with('/')) return std::string(target);
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t end = std::min(target.find_first_of("/?"), target.size());
    if (end == 0) break;
    const std::string_view rest = target.substr(end);
    return rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  }
  return error(Code::kInvalidArgument, "the request's target must be a path that begins with /");
}

}  // namespace

Result<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    char letter = text[at];
    if (letter == '%') {
      const auto high = at + 1 < text.size() ? hex_digit(text[at + 1]) : std::nullopt;
      const auto low = at + 2 < text.size() ? hex_digit(text[at + 2]) : std::nullopt;
      if (!high || !low) {
        return error(Code::kInvalidArgument,
                     "the path has a % that is not followed by two hexadecimal digits");
      }
      letter = static_cast<char>(*high * 16 + *low);
      at += 2;
    }
    if (letter == '\0') return error(Code::kInvalidArgument, "the path has a zero byte");
    decoded += letter;
  }
  return decoded;
}

Result<Target> parse_target(std::string_view text) {
  Target target;
  if (text == "*") {
    target.asterisk = true;
    return target;
  }
  if (text.find('#') != std::string_view::npos) {
    return error(Code::kInvalidArgument, "the request's target must not have a fragment (#)");
  }
  SPYRE_TRY_ASSIGN(const std::string whole, origin_form(text));
  std::string_view path = whole;
  const size_t question = path.find('?');
  if (question != std::string_view::npos) {
    target.query = path.substr(question + 1);
    path = path.substr(0, question);
  }
  while (!path.empty()) {
    path.remove_prefix(1);  // its slash
    const size_t slash = std::min(path.find('/'), path.size());
    SPYRE_TRY_ASSIGN(std::string segment, percent_decode(path.substr(0, slash)));
    target.segments.push_back(std::move(segment));
    path.remove_prefix(slash);
  }
  return target;
}

std::string Target::path() const {
  if (asterisk) return "*";
  std::string joined;
  for (const std::string& segment : segments) {
    joined += '/';
    joined += segment;
  }
  return joined;
}

}  // namespace spyre::serve::http
