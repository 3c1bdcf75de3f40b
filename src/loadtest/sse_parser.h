// Server-sent events out of bytes that come in any pieces. Knows the framing (WHATWG HTML, section
// 9.2), not what an event says.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace spyre::loadtest {

class SseParser {
 public:
  // on_data: called with the data of each event, its lines joined by line feeds; not for comments
  // and events without data.
  explicit SseParser(std::function<void(std::string_view)> on_data)
      : on_data_(std::move(on_data)) {}

  void take(std::string_view bytes);

 private:
  void end_line();

  std::function<void(std::string_view)> on_data_;
  std::string line_;
  std::string data_;
  bool has_data_ = false;
  bool after_carriage_return_ = false;
};

}  // namespace spyre::loadtest
