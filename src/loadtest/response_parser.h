// An HTTP answer out of bytes that come in any pieces; its body is handed on as it comes. The
// grammar is Beast's, which stays behind this header.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace spyre::loadtest {

class ResponseParser {
 public:
  explicit ResponseParser(std::function<void(std::string_view)> on_body);
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  // As serve/http's request parser: takes from the front, returns how many bytes.
  size_t take(std::string_view input);
  void take_end();  // the connection ended

  bool started() const;
  bool complete() const;
  const std::optional<std::string>& failure() const;
  int status() const;       // once complete or in the body
  bool keep_alive() const;  // once complete

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spyre::loadtest
