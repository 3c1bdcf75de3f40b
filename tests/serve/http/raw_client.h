// A blocking client of bytes: it sends what it is told, however wrong, and reads what comes. Knows
// just enough HTTP to tell where an answer ends.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace spyre::serve::http {

struct RawAnswer {
  int status = 0;  // 0: the connection ended without an answer
  std::string head;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // chunks joined
  bool complete = false;                       // its length or its last chunk was reached
};

class RawClient {
 public:
  static RawClient to_port(uint16_t port);
  static RawClient to_unix_socket(const std::string& path);
  explicit RawClient(int descriptor) : descriptor_(descriptor) {}
  RawClient(RawClient&& other) noexcept;
  ~RawClient();

  bool connected() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  // As much as the server takes: it may close in between.
  void send(std::string_view bytes);
  void end_sending();  // half-closes
  void close();        // FIN, both halves
  void reset();        // RST

  // The next answer, past any 1xx; a test that hangs is ended by ctest.
  RawAnswer read_answer(bool to_head = false);
  // Bytes until `text` was among them, or the end.
  std::string read_until(std::string_view text);
  std::string read_to_end();
  bool at_end();  // blocks

 private:
  bool fill();
  std::string take_line();

  int descriptor_ = -1;
  std::string input_;
};

// One request on a connection of its own.
RawAnswer ask(uint16_t port, std::string_view request);

// "GET /path HTTP/1.1" with Host and `headers` (each ended by CRLF), and a body with its length.
std::string get(std::string_view path, std::string_view headers = "");
std::string post(std::string_view path, std::string_view body, std::string_view headers = "");

}  // namespace spyre::serve::http
