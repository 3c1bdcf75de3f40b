#include "serve/openai/parsers/json_extent.h"

#include <string_view>
#include <utility>

namespace spyre::serve::openai {

namespace {

// Of numbers, true, false and null; NaN and Infinity, which Python writes, too.
bool is_word_byte(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '+' || byte == '.';
}

}  // namespace

bool is_json_space(char byte) {
  return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

JsonExtent::Step JsonExtent::push(char byte) {
  if (in_text_) return push_in_text(byte);
  const bool first = !std::exchange(begun_, true);
  const bool bare = closers_.empty() && !first;  // inside a number or a word
  if (is_word_byte(byte)) return Step::kInside;
  if (bare) return Step::kBehind;
  switch (byte) {
    case '"':
      in_text_ = true;
      return Step::kInside;
    case '{':
      closers_ += '}';
      return Step::kInside;
    case '[':
      closers_ += ']';
      return Step::kInside;
    case '}':
    case ']':
      return close(byte);
    default:
      break;
  }
  const bool between = byte == ',' || byte == ':' || is_json_space(byte);
  return between && !closers_.empty() ? Step::kInside : Step::kBroken;
}

JsonExtent::Step JsonExtent::push_in_text(char byte) {
  if (escaped_) {
    escaped_ = false;
  } else if (byte == '\\') {
    escaped_ = true;
  } else if (byte == '"') {
    in_text_ = false;
    if (closers_.empty()) return Step::kEnds;
  }
  return Step::kInside;
}

JsonExtent::Step JsonExtent::close(char bracket) {
  if (closers_.empty() || closers_.back() != bracket) return Step::kBroken;
  closers_.pop_back();
  return closers_.empty() ? Step::kEnds : Step::kInside;
}

}  // namespace spyre::serve::openai
