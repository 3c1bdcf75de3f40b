#include "serve/http/answer.h"

#include <utility>

namespace spyre::serve::http {

namespace {

class AnsweredByHandler final : public Exchange {
 public:
  AnsweredByHandler(std::shared_ptr<const Request> request, std::shared_ptr<Answer> answer)
      : request_(std::move(request)), answer_(std::move(answer)) {}
  ~AnsweredByHandler() override { answer_->drop(); }

  const Request& request() const override { return *request_; }
  void send(Response response) override { answer_->send(std::move(response)); }
  void begin(Response head) override { answer_->begin(std::move(head)); }
  bool write(std::string_view piece) override { return answer_->write(piece); }
  void end() override { answer_->end(); }
  void on_abandoned(std::function<void()> callback) override {
    answer_->on_abandoned(std::move(callback));
  }

 private:
  const std::shared_ptr<const Request> request_;
  const std::shared_ptr<Answer> answer_;
};

}  // namespace

std::shared_ptr<Exchange> make_exchange(std::shared_ptr<const Request> request,
                                        std::shared_ptr<Answer> answer) {
  return std::make_shared<AnsweredByHandler>(std::move(request), std::move(answer));
}

Answer::Answer(int64_t max_backlog_bytes, std::function<void()> wake)
    : max_backlog_bytes_(max_backlog_bytes), wake_(std::move(wake)) {}

bool Answer::is_news() { return !detached_ && !std::exchange(woken_, true); }

void Answer::wake() {
  const std::lock_guard lock(wake_mutex_);
  if (wake_) wake_();
}

void Answer::let_go() {
  const std::lock_guard lock(wake_mutex_);
  wake_ = nullptr;
}

void Answer::send(Response response) {
  {
    const std::lock_guard lock(mutex_);
    if (stage_ != Stage::kSilent || detached_) return;
    stage_ = Stage::kWhole;
    head_ = std::move(response);
    if (!is_news()) return;
  }
  wake();
}

void Answer::begin(Response head) {
  {
    const std::lock_guard lock(mutex_);
    if (stage_ != Stage::kSilent || detached_) return;
    stage_ = Stage::kStreaming;
    pieces_ = std::move(head.body);
    unsent_bytes_ = static_cast<int64_t>(pieces_.size());
    head.body.clear();
    head_ = std::move(head);
    if (!is_news()) return;
  }
  wake();
}

bool Answer::write(std::string_view piece) {
  bool taken = true;
  {
    const std::lock_guard lock(mutex_);
    if (stage_ != Stage::kStreaming || detached_ || over_limit_) return false;
    const auto bytes = static_cast<int64_t>(piece.size());
    if (bytes > max_backlog_bytes_ - unsent_bytes_) {
      taken = false;
      over_limit_ = true;
      woken_ = false;  // the connection may sit in the write that never ends: wake it again
    } else if (wire_) {
      if (send_over_wire(piece)) return true;
    } else {
      pieces_ += piece;
      unsent_bytes_ += bytes;
    }
    if (!is_news()) return taken;
  }
  wake();
  return taken;
}

bool Answer::send_over_wire(std::string_view piece) {
  rest_ = wire_->send(piece);
  sent_by_wire_ = {.bytes = sent_by_wire_.bytes + static_cast<int64_t>(piece.size()),
                   .last = Clock::now(),
                   .between_events = piece.ends_with("\n\n")};
  unsent_bytes_ = static_cast<int64_t>(rest_.size());
  if (!rest_.empty()) wire_.reset();
  return rest_.empty();
}

void Answer::end() {
  {
    const std::lock_guard lock(mutex_);
    if (stage_ != Stage::kStreaming) return;
    stage_ = Stage::kEnded;
    if (!is_news()) return;
  }
  wake();
}

void Answer::drop() {
  std::function<void()> callback;  // destroyed without the lock
  {
    const std::lock_guard lock(mutex_);
    dropped_ = true;
    callback.swap(on_abandoned_);
    const bool unfinished = stage_ == Stage::kSilent || stage_ == Stage::kStreaming;
    if (!unfinished || !is_news()) return;
  }
  wake();
}

void Answer::on_abandoned(std::function<void()> callback) {
  {
    const std::lock_guard lock(mutex_);
    if (!detached_) {
      on_abandoned_ = std::move(callback);
      return;
    }
    if (!abandoned_) return;
  }
  callback();
}

Answer::Taken Answer::take() {
  const std::lock_guard lock(mutex_);
  woken_ = false;
  wire_.reset();
  Taken taken{.head = std::move(head_),
              .whole = stage_ == Stage::kWhole,
              .rest = std::move(rest_),
              .pieces = std::move(pieces_),
              .ended = stage_ == Stage::kWhole || stage_ == Stage::kEnded,
              .unanswered = dropped_ && stage_ == Stage::kSilent,
              .broken = over_limit_ || (dropped_ && stage_ == Stage::kStreaming)};
  head_.reset();
  rest_.clear();
  pieces_.clear();
  return taken;
}

void Answer::lend(const Wire& wire) {
  const std::lock_guard lock(mutex_);
  if (stage_ == Stage::kStreaming && !detached_ && !dropped_ && unsent_bytes_ == 0) {
    wire_ = wire;
  }
}

void Answer::take_back() {
  const std::lock_guard lock(mutex_);
  wire_.reset();
}

Answer::Sent Answer::sent_by_wire() {
  const std::lock_guard lock(mutex_);
  return std::exchange(sent_by_wire_, Sent{});
}

bool Answer::over_limit() const {
  const std::lock_guard lock(mutex_);
  return over_limit_;
}

void Answer::sent(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  unsent_bytes_ -= bytes;
}

void Answer::abandon() {
  std::function<void()> callback;
  {
    const std::lock_guard lock(mutex_);
    if (detached_) return;
    detached_ = true;
    abandoned_ = true;
    wire_.reset();
    pieces_.clear();
    head_.reset();
    callback.swap(on_abandoned_);
  }
  let_go();
  if (callback) callback();
}

void Answer::complete() {
  std::function<void()> callback;  // destroyed without the lock, as it may own the Exchange
  {
    const std::lock_guard lock(mutex_);
    detached_ = true;
    wire_.reset();
    callback.swap(on_abandoned_);
  }
  let_go();
}

}  // namespace spyre::serve::http
