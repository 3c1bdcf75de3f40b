// What a handler has said so far and its connection has not sent yet: the meeting point of the
// thread that answers and the I/O thread. The connection is told through a callback that there is
// something to take; while all is sent it lends its wire, and pieces go out without it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "serve/http/exchange.h"
#include "serve/http/wire.h"

namespace spyre::serve::http {

// Thread-safe.
class Answer {
 public:
  using Clock = std::chrono::steady_clock;

  // wake: called, from any thread, when there is something new to take; it must only pass that on.
  Answer(int64_t max_backlog_bytes, std::function<void()> wake);

  // The handler's side: Exchange's contract.
  void send(Response response);
  void begin(Response head);
  bool write(std::string_view piece);
  void end();
  void on_abandoned(std::function<void()> callback);
  void drop();  // the Exchange is gone

  // The connection's side.
  struct Taken {
    std::optional<Response> head;  // once; a whole answer's body is in it
    bool whole = false;            // of head: no pieces follow
    std::string rest;              // of a piece that went out in part: bytes as they are, first
    std::string pieces;            // of a stream, in order, the first included
    bool ended = false;            // nothing follows
    bool unanswered = false;       // dropped before any word: 500
    bool broken = false;           // dropped in mid-stream, or the backlog is over its limit
  };
  Taken take();  // and the wire is back
  // What went out over the wire since the last call.
  struct Sent {
    int64_t bytes = 0;  // of pieces
    Clock::time_point last = {};
    bool between_events = true;  // the last piece ended with an empty line
  };
  void lend(const Wire& wire);  // until take(), take_back() or the answer's end
  void take_back();
  Sent sent_by_wire();
  bool over_limit() const;
  void sent(int64_t bytes);  // of pieces taken before, that the client's side has accepted

  // The client left, or the server gives up: later words are dropped, wake is not called again.
  // Calls back on_abandoned when the answer was not complete.
  void abandon();
  // The answer is on its way, all of it.
  void complete();

 private:
  enum class Stage { kSilent, kWhole, kStreaming, kEnded };

  bool is_news();  // whether the connection has to be told; mutex_ held
  bool send_over_wire(std::string_view piece);  // all of it? mutex_ held
  void wake();    // mutex_ not held: the I/O thread may run at once and take
  void let_go();  // wake_ is not called any more

  const int64_t max_backlog_bytes_;
  std::mutex wake_mutex_;  // guards wake_, taken without mutex_
  std::function<void()> wake_;
  mutable std::mutex mutex_;  // guards all below
  bool woken_ = false;        // and not taken since
  Stage stage_ = Stage::kSilent;
  std::optional<Response> head_;
  std::optional<Wire> wire_;  // nothing but the next piece is to be sent
  Sent sent_by_wire_;
  std::string rest_;
  std::string pieces_;
  int64_t unsent_bytes_ = 0;  // rest_, pieces_, and those taken but not sent
  bool dropped_ = false;
  bool over_limit_ = false;
  bool detached_ = false;   // the connection has let go
  bool abandoned_ = false;  // and the client left before
  std::function<void()> on_abandoned_;
};

std::shared_ptr<Exchange> make_exchange(std::shared_ptr<const Request> request,
                                        std::shared_ptr<Answer> answer);

}  // namespace spyre::serve::http
