// One client: requests in, one after the other, answers out in their order. Two coroutines share a
// connection: the pump reads whenever there is room, the other parses, hands requests to their
// routes and is the only one that writes. All of it runs on the I/O thread.
//
// When is a client gone? A reset or a failed write say so. An end of input does not: a client may
// close its sending half and still read; and one that closed altogether looks the same on the wire
// until it is sent something. So after an end of input the server sends, once, something harmless:
// "100 Continue" before an HTTP/1.1 answer has begun, a comment in an event stream. A client that
// is gone resets the connection, and its request is abandoned; one that reads skips over it.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "serve/http/answer.h"
#include "serve/http/gate.h"
#include "serve/http/request_parser.h"
#include "serve/http/stream.h"

namespace spyre::serve::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // io and gate outlive it.
  Connection(asio::io_context& io, std::unique_ptr<Stream> stream, std::string client,
             const Gate& gate);
  ~Connection();

  // Until the connection is closed. The caller keeps it alive meanwhile.
  asio::awaitable<void> run();
  // Says 503 and closes.
  asio::awaitable<void> refuse();

  void drain();  // closes after the current answer; at once when there is none
  void cut();    // closes now

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  // How the answer to one request goes on.
  struct Progress {
    std::shared_ptr<const Request> request;
    const Route* route = nullptr;
    bool http_1_0 = false;
    bool wants_keep_alive = false;
    Clock::time_point start = {};
    int status = 0;  // once begun
    bool keep_alive = false;
    bool streaming = false;
    bool event_stream = false;
    bool between_events = true;
    bool probed = false;
    int64_t response_bytes = 0;
    Clock::time_point last_write = {};

    bool head_only() const { return request->method == "HEAD" || bodiless; }
    bool bodiless = false;  // its status has no body
  };

  asio::awaitable<void> pump();
  asio::awaitable<bool> shake_hands();
  asio::awaitable<bool> changed(Clock::time_point deadline);
  void look_again_at(Clock::time_point deadline);
  void notify();

  asio::awaitable<bool> serve_one();
  asio::awaitable<bool> first_byte();
  asio::awaitable<bool> read_head();
  asio::awaitable<bool> read_body();
  // Feeds the parser up to the end of the head or of the request; false when it wants more.
  bool parse();

  asio::awaitable<bool> answer_by_handler(Progress progress);
  asio::awaitable<bool> forward(Progress& progress, Answer::Taken& taken);
  asio::awaitable<void> fail(int status, std::string_view message);
  asio::awaitable<bool> answer_whole(Progress& progress, Response response);
  asio::awaitable<void> keep_in_touch(Progress& progress);
  void lend_wire(const Progress& progress);
  void count_what_the_wire_sent(Progress& progress);
  Progress progress_now();
  std::string begin_answer(Progress& progress, const Response& response, bool whole);
  std::string frame(Progress& progress, std::string_view pieces) const;
  void report(const Progress& progress, bool abandoned);

  asio::awaitable<bool> write(std::string_view bytes);
  asio::awaitable<void> finish();
  void cut_after(std::chrono::milliseconds delay);
  void stay();  // takes cut_after back

  std::string_view unread() const { return std::string_view(input_).substr(input_start_); }
  void consume(size_t bytes);

  const Gate& gate_;
  asio::io_context& io_;
  const std::unique_ptr<Stream> stream_;
  const std::string client_;

  std::string input_;
  size_t input_start_ = 0;  // what is before was parsed
  size_t input_limit_ = 0;  // the pump pauses there
  std::array<char, 16384> read_buffer_;
  bool eof_ = false;   // the client sends no more
  bool gone_ = false;  // and reads no more
  bool draining_ = false;
  bool finishing_ = false;
  bool pump_ended_ = true;
  bool first_request_ = true;
  bool idle_ = false;  // no request has begun that was not answered

  asio::steady_timer changed_timer_;  // never expires: what changes cancels it
  bool notified_ = false;
  asio::steady_timer deadline_timer_;
  Clock::time_point deadline_ = kNever;         // of the wait for a change
  Clock::time_point next_look_at_it_ = kNever;  // when the timer runs out, at or before deadline_
  asio::steady_timer room_timer_;               // the pump's, for room in input_
  asio::steady_timer cut_timer_;
  int64_t cut_generation_ = 0;

  std::unique_ptr<RequestParser> parser_;
  std::shared_ptr<Answer> answer_;
};

}  // namespace spyre::serve::http
