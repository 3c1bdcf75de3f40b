#include "serve/openai/pooling_job.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "base/log.h"
#include "serve/openai/request_lines.h"
#include "serve/openai/submitted.h"

namespace spyre::serve::openai {

namespace {

// Inputs of one request that are in the engine at a time: enough for its largest batches.
constexpr size_t kWindow = 256;

class Gathering : public std::enable_shared_from_this<Gathering> {
 public:
  explicit Gathering(PoolingJob job);

  void start();
  // A call of the engine's thread.
  void on_finished(size_t prompt, engine::RequestOutput output);

 private:
  // What became of a submission.
  enum class Step { kGoOn, kWait, kStop };

  void pump();
  std::optional<size_t> next();
  Step submit(size_t prompt);
  Step refused(size_t prompt, const Error& error, size_t finished_before);
  bool has_failed();
  void fail(const ApiError& error);
  void send();

  PoolingJob job_;
  const size_t total_;
  Submitted submitted_;
  std::mutex mutex_;    // guards all below
  size_t next_ = 0;     // the first prompt that was not submitted
  size_t running_ = 0;  // in the engine
  size_t finished_ = 0;
  bool pumping_ = false;
  bool failed_ = false;
  std::vector<std::vector<float>> pooled_;  // of each prompt
};

class PooledListener final : public engine::Listener {
 public:
  PooledListener(std::shared_ptr<Gathering> gathering, size_t prompt)
      : gathering_(std::move(gathering)), prompt_(prompt) {}

  void on_delta(engine::RequestId, const engine::Delta&) override {}
  void on_finished(engine::RequestId, engine::RequestOutput output) override {
    gathering_->on_finished(prompt_, std::move(output));
  }

 private:
  const std::shared_ptr<Gathering> gathering_;
  const size_t prompt_;
};

Gathering::Gathering(PoolingJob job)
    : job_(std::move(job)),
      total_(job_.prompts.size()),
      submitted_(job_.visit.service.engine),
      pooled_(total_) {}

void Gathering::start() {
  job_.visit.exchange->on_abandoned([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->submitted_.abort();
  });
  pump();
}

// Submits as many prompts as may be in the engine. One thread does so at a time; one that comes
// meanwhile has nothing to do, since the other looks again before it goes.
void Gathering::pump() {
  {
    const std::scoped_lock lock(mutex_);
    if (pumping_) return;
    pumping_ = true;
  }
  while (const auto prompt = next()) {
    const Step step = submit(*prompt);
    if (step == Step::kStop) return;
    if (step == Step::kWait) break;
  }
}

// The prompt to submit; none, with pumping_ off, when nothing is to be submitted now.
std::optional<size_t> Gathering::next() {
  const bool left = submitted_.aborted();
  const std::scoped_lock lock(mutex_);
  if (left || failed_ || next_ == total_ || running_ >= kWindow) {
    pumping_ = false;
    return std::nullopt;
  }
  ++running_;
  return next_++;
}

Gathering::Step Gathering::submit(size_t prompt) {
  const Service& service = job_.visit.service;
  PoolingPrompt& input = job_.prompts[prompt];
  size_t finished_before = 0;
  {
    const std::scoped_lock lock(mutex_);
    finished_before = finished_;
  }
  engine::Request request{.prompt = input.ids,
                          .priority = job_.priority,
                          .pooling = engine::PoolingInputs{.token_types = input.token_types}};
  if (service.options.log_requests) log::info("{}", received_line(job_.id, request));
  const Result<engine::RequestId> id = service.engine.submit(
      std::move(request), std::make_shared<PooledListener>(shared_from_this(), prompt));
  if (!id) return refused(prompt, id.error(), finished_before);
  submitted_.add(*id);
  input = {};
  return Step::kGoOn;
}

// A full queue is no reason to give up while inputs of ours are in the engine: the next one that
// finishes tries again.
Gathering::Step Gathering::refused(size_t prompt, const Error& error, size_t finished_before) {
  {
    const std::scoped_lock lock(mutex_);
    --running_;
    next_ = prompt;
    const bool full = error.code == Code::kResourceExhausted;
    if (full && finished_ != finished_before) return Step::kGoOn;
    if (full && running_ > 0) {
      pumping_ = false;
      return Step::kWait;
    }
  }
  fail(from_error(error, std::string(job_.field)));
  return Step::kStop;
}

void Gathering::on_finished(size_t prompt, engine::RequestOutput output) {
  std::optional<ApiError> error;
  if (output.error) {
    error = from_error(*output.error, std::string(job_.field));
  } else if (output.pooled.empty()) {
    error = from_error(Error{Code::kUnavailable, "the request was aborted"});
  }
  bool all = false;
  bool more = false;
  {
    const std::scoped_lock lock(mutex_);
    --running_;
    ++finished_;
    if (failed_) return;
    pooled_[prompt] = std::move(output.pooled);
    all = finished_ == total_;
    // Half a window at a time: a worker has more to do than to be woken for each input.
    more = next_ < total_ && !pumping_ && running_ <= kWindow / 2;
  }
  // The engine must not be called from here, and a long answer takes its time to write.
  if (error) {
    job_.visit.executor([self = shared_from_this(), error = *error] { self->fail(error); });
  } else if (all) {
    job_.visit.executor([self = shared_from_this()] { self->send(); });
  } else if (more) {
    job_.visit.executor([self = shared_from_this()] { self->pump(); });
  }
}

// One input that fails fails the answer.
void Gathering::fail(const ApiError& error) {
  {
    const std::scoped_lock lock(mutex_);
    failed_ = true;
  }
  submitted_.abort();
  job_.visit.exchange->send(to_response(error));
}

void Gathering::send() {
  const auto columns = static_cast<size_t>(job_.visit.service.pooling->columns);
  const auto good = [&](const std::vector<float>& values) {
    return values.size() == columns &&
           std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
  };
  if (!std::ranges::all_of(pooled_, good)) {
    return fail(from_error(Error{
        Code::kInternal, fmt::format("{}: wanted {} finite values for each input, found others",
                                     job_.id, columns)}));
  }
  auto response = job_.answer(pooled_);
  job_.visit.exchange->send(response ? std::move(*response) : to_response(response.error()));
}

}  // namespace

void start_pooling(PoolingJob job) { std::make_shared<Gathering>(std::move(job))->start(); }

}  // namespace spyre::serve::openai
