#include "base/json.h"

#include <algorithm>
#include <string>

namespace spyre {

namespace {

constexpr int64_t kMaxDepth = 200;
constexpr size_t kMaxMessage = 300;

// How deep brackets outside of strings go. Counted before parsing: a tree that is too deep need not
// be built first.
int64_t depth_of(std::string_view text) {
  int64_t depth = 0;
  int64_t deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

// The library quotes what it read last: that may be long, and no UTF-8, which JSON responses could
// not carry.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kMaxMessage)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", byte);
    }
  }
  if (text.size() > kMaxMessage) out += "...";
  return out;
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view source) {
  if (const int64_t depth = depth_of(text); depth > kMaxDepth) {
    return error(Code::kInvalidArgument, "{}: wanted JSON of at most {} levels, found {}", source,
                 kMaxDepth, depth);
  }
  try {
    return Json::parse(text);
  } catch (const Json::exception& e) {
    return error(Code::kInvalidArgument, "{}: not valid JSON: {}", source, printable(e.what()));
  }
}

}  // namespace spyre
