#include "loadtest/sse_parser.h"

namespace spyre::loadtest {

void SseParser::take(std::string_view bytes) {
  for (const char byte : bytes) {
    // A line ends with CR, LF or both.
    const bool second_half = after_carriage_return_ && byte == '\n';
    after_carriage_return_ = byte == '\r';
    if (second_half) continue;
    if (byte == '\n' || byte == '\r') {
      end_line();
    } else {
      line_ += byte;
    }
  }
}

void SseParser::end_line() {
  if (line_.empty()) {
    if (has_data_) on_data_(data_);
    data_.clear();
    has_data_ = false;
    return;
  }
  std::string_view line = line_;
  if (line.starts_with("data") && (line.size() == 4 || line[4] == ':')) {
    line.remove_prefix(std::min<size_t>(line.size(), 5));
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (has_data_) data_ += '\n';
    data_ += line;
    has_data_ = true;
  }
  line_.clear();
}

}  // namespace spyre::loadtest
