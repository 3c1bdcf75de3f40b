#include "serve/http/connection.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "base/log.h"
#include "serve/http/response_head.h"

namespace spyre::serve::http {

namespace {

constexpr size_t kReadAhead = 65536;  // bytes kept while an answer is made
constexpr std::chrono::milliseconds kLinger{2000};
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kComment = ": keep-alive\n\n";

}  // namespace

Connection::Connection(asio::io_context& io, std::unique_ptr<Stream> stream, std::string client,
                       const Gate& gate)
    : gate_(gate),
      io_(io),
      stream_(std::move(stream)),
      client_(std::move(client)),
      changed_timer_(io, kNever),
      deadline_timer_(io),
      room_timer_(io),
      cut_timer_(io) {}

Connection::~Connection() {
  if (answer_) answer_->abandon();
}

asio::awaitable<void> Connection::run() {
  if (co_await shake_hands()) {
    pump_ended_ = false;
    input_limit_ = kReadAhead;
    asio::co_spawn(
        io_, [self = shared_from_this()] { return self->pump(); },
        [self = shared_from_this()](const std::exception_ptr& failure) {
          if (failure) self->cut();  // out of memory
        });
    bool go_on = true;
    while (go_on) go_on = co_await serve_one();
  }
  co_await finish();
}

asio::awaitable<void> Connection::refuse() {
  Progress progress;
  progress.request = std::make_shared<const Request>();
  Response response = gate_.error(503, "too many connections");
  co_await answer_whole(progress, std::move(response));
  co_await finish();
}

asio::awaitable<bool> Connection::shake_hands() {
  cut_after(gate_.options().header_timeout);
  ErrorCode code;
  co_await stream_->handshake(code);
  stay();
  if (code) gone_ = true;
  co_return !gone_;
}

asio::awaitable<void> Connection::pump() {
  while (!eof_ && !gone_ && !finishing_) {
    if (unread().size() >= input_limit_) {
      room_timer_.expires_at(kNever);
      ErrorCode woken;
      co_await room_timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      continue;
    }
    ErrorCode code;
    const asio::mutable_buffer buffer = asio::buffer(read_buffer_);
    const size_t bytes = co_await stream_->read_some(buffer, code);
    if (code == asio::error::operation_aborted) break;
    input_.append(read_buffer_.data(), bytes);
    if (code == asio::error::eof) {
      eof_ = true;
    } else if (code) {
      gone_ = true;
    }
    notify();
  }
  if (eof_ && !gone_ && !finishing_) {
    co_await stream_->hung_up();
    if (!finishing_) gone_ = true;
  }
  pump_ended_ = true;
  notify();
}

// True when notify() was called since the last call, or before the deadline.
asio::awaitable<bool> Connection::changed(Clock::time_point deadline) {
  if (!notified_) {
    deadline_ = deadline;
    look_again_at(deadline);
    ErrorCode ignored;
    co_await changed_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    deadline_ = kNever;
  }
  const bool was_notified = notified_;
  notified_ = false;
  co_return was_notified;
}

// The timer goes on through many changes: setting it for each piece of a stream would cost more
// than the piece.
void Connection::look_again_at(Clock::time_point deadline) {
  if (next_look_at_it_ <= deadline) return;
  next_look_at_it_ = deadline;
  deadline_timer_.expires_at(deadline);
  deadline_timer_.async_wait([weak = weak_from_this()](ErrorCode code) {
    const auto self = weak.lock();
    if (code || !self) return;
    self->next_look_at_it_ = kNever;
    if (self->deadline_ <= Clock::now()) {
      self->changed_timer_.cancel();
    } else {
      self->look_again_at(self->deadline_);
    }
  });
}

void Connection::notify() {
  notified_ = true;
  changed_timer_.cancel();
}

void Connection::drain() {
  draining_ = true;
  notify();
}

void Connection::cut() {
  gone_ = true;
  if (answer_) answer_->take_back();
  stream_->close();
  room_timer_.cancel();
  notify();
}

void Connection::cut_after(std::chrono::milliseconds delay) {
  cut_timer_.expires_after(delay);
  const int64_t generation = ++cut_generation_;
  cut_timer_.async_wait([weak = weak_from_this(), generation](ErrorCode code) {
    if (code) return;
    const auto self = weak.lock();
    if (self && self->cut_generation_ == generation) self->cut();
  });
}

void Connection::stay() {
  ++cut_generation_;
  cut_timer_.cancel();
}

void Connection::consume(size_t bytes) {
  input_start_ += bytes;
  if (input_start_ == input_.size()) {
    input_.clear();
    input_start_ = 0;
  } else if (input_start_ > kReadAhead) {
    input_.erase(0, input_start_);
    input_start_ = 0;
  }
  if (unread().size() < input_limit_) room_timer_.cancel();
}

asio::awaitable<bool> Connection::write(std::string_view bytes) {
  if (!gone_) bytes.remove_prefix(stream_->try_write(bytes));
  while (!bytes.empty() && !gone_) {
    cut_after(gate_.options().write_timeout);
    ErrorCode code;
    const asio::const_buffer buffer(bytes.data(), bytes.size());
    const size_t written = co_await stream_->write_some(buffer, code);
    stay();
    if (code) gone_ = true;
    bytes.remove_prefix(written);
  }
  co_return !gone_;
}

// Closes, such that the client can read all that was written for it.
asio::awaitable<void> Connection::finish() {
  finishing_ = true;
  if (!gone_ && !idle_) {
    cut_after(kLinger);
    stream_->cancel();
    room_timer_.cancel();
    while (!pump_ended_ && !gone_) {
      co_await changed(kNever);
    }
    if (!gone_) co_await stream_->finish();
    stay();
  }
  stream_->close();
}

bool Connection::parse() {
  while (!parser_->failure() && !parser_->complete()) {
    const bool in_head = !parser_->head_complete();
    const size_t taken = parser_->take(unread());
    consume(taken);
    if (in_head && parser_->head_complete()) return true;
    if (taken == 0) return parser_->failure().has_value();
  }
  return true;
}

// One request and its answer; false when the connection is over.
asio::awaitable<bool> Connection::serve_one() {
  const ServerOptions& options = gate_.options();
  input_limit_ = static_cast<size_t>(options.max_header_bytes) + kReadAhead;
  parser_ =
      std::make_unique<RequestParser>(ParseLimits{.max_header_bytes = options.max_header_bytes,
                                                  .max_header_count = options.max_header_count,
                                                  .max_body_bytes = options.max_body_bytes});
  idle_ = true;
  bool goes_on = co_await first_byte();
  idle_ = !goes_on;
  if (goes_on) goes_on = co_await read_head();
  if (!goes_on) co_return false;
  first_request_ = false;
  Request& request = parser_->request();
  request.client = client_;
  Decision decision = gate_.decide(request, parser_->target());
  if (decision.response) {
    const bool whole = parser_->complete();
    Progress progress = progress_now();
    progress.wants_keep_alive = progress.wants_keep_alive && whole;
    co_return co_await answer_whole(progress, std::move(*decision.response));
  }
  goes_on = co_await read_body();
  if (!goes_on) co_return false;
  Progress progress = progress_now();
  progress.route = decision.route;
  co_return co_await answer_by_handler(std::move(progress));
}

// Waits for a request to begin, past the empty lines that old clients send between them.
asio::awaitable<bool> Connection::first_byte() {
  const ServerOptions& options = gate_.options();
  const auto deadline =
      Clock::now() + (first_request_ ? options.header_timeout : options.keep_alive);
  while (true) {
    while (unread().starts_with("\r\n")) consume(2);
    if (gone_) co_return false;
    if (!unread().empty() && unread() != "\r") co_return true;
    if (eof_ || draining_) co_return false;
    const bool in_time = co_await changed(deadline);
    if (!in_time) co_return false;
  }
}

asio::awaitable<bool> Connection::read_head() {
  const auto deadline = Clock::now() + gate_.options().header_timeout;
  while (!parse()) {
    if (gone_) co_return false;
    if (eof_) {
      co_await fail(400, "the request ends in its head");
      co_return false;
    }
    const bool in_time = co_await changed(deadline);
    if (!in_time) {
      co_await fail(408, "the request's head took too long");
      co_return false;
    }
  }
  if (!parser_->failure()) co_return true;
  co_await fail(parser_->failure()->status, parser_->failure()->message);
  co_return false;
}

asio::awaitable<bool> Connection::read_body() {
  const auto deadline = Clock::now() + gate_.options().body_timeout;
  if (parser_->expects_continue() && !parser_->complete() && unread().empty()) {
    const bool told = co_await write(kContinue);
    if (!told) co_return false;
  }
  while (!parse()) {
    if (gone_) co_return false;
    if (eof_) {
      co_await fail(400, "the request ends in its body");
      co_return false;
    }
    const bool in_time = co_await changed(deadline);
    if (!in_time) {
      co_await fail(408, "the request's body took too long");
      co_return false;
    }
  }
  if (!parser_->failure()) co_return true;
  co_await fail(parser_->failure()->status, parser_->failure()->message);
  co_return false;
}

// The request, as far as it was read, leaves the parser.
Connection::Progress Connection::progress_now() {
  Progress progress;
  progress.http_1_0 = parser_->http_1_0();
  progress.wants_keep_alive =
      !parser_->failure() && parser_->head_complete() && parser_->keep_alive();
  progress.request = std::make_shared<const Request>(std::move(parser_->request()));
  progress.start = Clock::now();
  return progress;
}

asio::awaitable<void> Connection::fail(int status, std::string_view message) {
  Progress progress = progress_now();
  progress.wants_keep_alive = false;
  Response response = gate_.error(status, message);
  co_await answer_whole(progress, std::move(response));
}

std::string Connection::begin_answer(Progress& progress, const Response& response, bool whole) {
  const bool more_to_come = !(eof_ && unread().empty());
  progress.status = response.status;
  progress.bodiless = bodiless(response.status);
  progress.streaming = !whole;
  progress.keep_alive =
      progress.wants_keep_alive && !draining_ && more_to_come && (whole || !progress.http_1_0);
  progress.event_stream = !whole && response.content_type.starts_with("text/event-stream");
  Framing framing{.keep_alive = progress.keep_alive, .http_1_0 = progress.http_1_0};
  if (whole) framing.content_length = static_cast<int64_t>(response.body.size());
  return response_head(response, gate_.more_headers(*progress.request), framing,
                       std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
}

std::string Connection::frame(Progress& progress, std::string_view pieces) const {
  if (pieces.empty()) return {};
  progress.response_bytes += static_cast<int64_t>(pieces.size());
  progress.between_events = pieces.ends_with("\n\n");
  if (progress.head_only()) return {};
  return progress.http_1_0 ? std::string(pieces) : chunk(pieces);
}

asio::awaitable<bool> Connection::answer_whole(Progress& progress, Response response) {
  std::string bytes = begin_answer(progress, response, true);
  progress.response_bytes = static_cast<int64_t>(response.body.size());
  if (!progress.head_only()) bytes += response.body;
  const bool written = co_await write(bytes);
  report(progress, !written);
  co_return written&& progress.keep_alive;
}

asio::awaitable<bool> Connection::answer_by_handler(Progress progress) {
  input_limit_ = kReadAhead;
  const auto wake = [this, weak = weak_from_this()] {
    asio::post(io_, [weak] {
      const auto self = weak.lock();
      if (!self) return;
      // It may wait in a write that the client never takes.
      if (self->answer_ && self->answer_->over_limit()) self->cut();
      self->notify();
    });
  };
  answer_ = std::make_shared<Answer>(gate_.options().max_stream_backlog_bytes, wake);
  try {
    progress.route->handler(make_exchange(progress.request, answer_));
  } catch (const std::exception& exception) {
    // A library's, out of memory among them. The Exchange is gone with it and has answered 500.
    log::warn("{} {}: {}", progress.request->method, progress.request->path, exception.what());
  }
  bool complete = false;
  while (!complete) {
    Answer::Taken taken = answer_->take();
    count_what_the_wire_sent(progress);
    if (gone_ || taken.broken) break;
    if (taken.unanswered) {
      taken.head = gate_.error(500, "Internal Server Error");
      taken.whole = true;
      taken.ended = true;
    }
    const bool forwarded = co_await forward(progress, taken);
    if (!forwarded) break;
    complete = taken.ended;
    if (!complete) co_await keep_in_touch(progress);
  }
  if (complete) {
    answer_->complete();
  } else {
    answer_->abandon();
    cut();
  }
  answer_.reset();
  report(progress, !complete);
  co_return complete&& progress.keep_alive;
}

// Writes what was taken.
asio::awaitable<bool> Connection::forward(Progress& progress, Answer::Taken& taken) {
  std::string bytes;
  if (taken.head) {
    bytes = begin_answer(progress, *taken.head, taken.whole);
    if (taken.whole) {
      progress.response_bytes = static_cast<int64_t>(taken.head->body.size());
      if (!progress.head_only()) bytes += taken.head->body;
    }
  }
  bytes += taken.rest;
  bytes += frame(progress, taken.pieces);
  const bool chunked = progress.streaming && !progress.http_1_0 && !progress.head_only();
  if (taken.ended && chunked) bytes += kLastChunk;
  if (bytes.empty()) co_return true;
  progress.last_write = Clock::now();
  const bool written = co_await write(bytes);
  answer_->sent(static_cast<int64_t>(taken.rest.size() + taken.pieces.size()));
  co_return written;
}

// Waits for more of the answer; meanwhile finds out whether the client is there, and shows proxies
// that the server is.
asio::awaitable<void> Connection::keep_in_touch(Progress& progress) {
  const auto silence = gate_.options().stream_comment;
  const bool may_comment =
      progress.event_stream && progress.between_events && !progress.head_only();
  const bool may_continue = progress.status == 0 && !progress.http_1_0;
  if (eof_ && !progress.probed && (may_comment || may_continue)) {
    progress.probed = true;
    const std::string probe = may_continue ? std::string(kContinue) : frame(progress, kComment);
    co_await write(probe);
    co_return;
  }
  const bool silence_ends = may_comment && silence.count() > 0;
  lend_wire(progress);
  const bool news = co_await changed(silence_ends ? progress.last_write + silence : kNever);
  if (news || !silence_ends) co_return;
  answer_->take_back();
  count_what_the_wire_sent(progress);
  if (!progress.between_events || Clock::now() < progress.last_write + silence) co_return;
  const std::string comment = frame(progress, kComment);
  progress.last_write = Clock::now();
  co_await write(comment);
}

// Not within an event: only who sends its end knows when comments may follow.
void Connection::lend_wire(const Progress& progress) {
  const auto descriptor = stream_->descriptor();
  if (!descriptor || gone_ || !progress.streaming || progress.head_only()) return;
  if (progress.event_stream && !progress.between_events) return;
  answer_->lend(Wire(*descriptor, !progress.http_1_0));
}

void Connection::count_what_the_wire_sent(Progress& progress) {
  const Answer::Sent sent = answer_->sent_by_wire();
  if (sent.bytes == 0) return;
  progress.response_bytes += sent.bytes;
  progress.last_write = sent.last;
  progress.between_events = sent.between_events;
}

void Connection::report(const Progress& progress, bool abandoned) {
  constexpr int kClientClosedRequest = 499;
  const auto& told = gate_.options().on_answered;
  if (!told) return;
  const Request& request = *progress.request;
  told({.request = request,
        .route = progress.route != nullptr ? std::string_view(progress.route->path) : "none",
        .counted = progress.route != nullptr ? progress.route->counted : !request.method.empty(),
        .status = progress.status == 0 || (abandoned && !progress.streaming) ? kClientClosedRequest
                                                                             : progress.status,
        .request_bytes = static_cast<int64_t>(request.body.size()),
        .response_bytes = progress.response_bytes,
        .seconds = std::chrono::duration<double>(Clock::now() - progress.start).count(),
        .client = client_});
}

}  // namespace spyre::serve::http
