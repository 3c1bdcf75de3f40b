// The thread, its queue, and the way from a generator's parts back to requests.
#include "engine/async_engine.h"

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/log.h"
#include "engine/job.h"
#include "engine/request_check.h"

namespace spyre::engine {

namespace {

class ThreadedEngine final : public AsyncEngine, private Listener, private Observer {
 public:
  ThreadedEngine(std::unique_ptr<Generator> generator, const AsyncEngineOptions& options,
                 Observer* observer, std::function<void(const Error&)> on_dead)
      : generator_(std::move(generator)),
        options_(options),
        observer_(observer),
        on_dead_(std::move(on_dead)) {
    generator_->set_observer(this);
  }
  ~ThreadedEngine() override { stop(); }

  Status run_thread();

  Result<RequestId> submit(Request request, std::shared_ptr<Listener> listener) override;
  void abort(RequestId id) override;
  int64_t most_new_tokens(int64_t prompt_tokens) const override {
    return generator_->scheduler().most_new_tokens(prompt_tokens);
  }
  EngineState state() const override { return state_; }
  int64_t num_unfinished() const override { return unfinished_; }
  int64_t num_waiting() const override { return waiting_; }
  bool drain(std::chrono::milliseconds wait) override;
  void stop() override;

 private:
  // --- any thread
  Result<std::vector<Request>> parts_of(Request request) const;
  Status check_open() const;
  Status check_room(int64_t prompt_tokens) const;

  // --- the engine's thread
  struct News {
    std::vector<std::unique_ptr<Job>> jobs;
    std::vector<RequestId> aborts;
    bool stop = false;
  };
  void run();
  void work();
  News wait_for_news(bool busy);
  void admit(std::unique_ptr<Job> job);
  void abort_parts(RequestId id);
  void die(const Error& reason);
  Job& job_of_part(RequestId part) { return *std::prev(jobs_.upper_bound(part))->second; }
  bool leave_queue(Job& job);  // true the first time
  void close(Job& job);

  // The generator's calls; ids are those of parts.
  void on_prompt(RequestId part, std::span<const TokenOutput> prompt_logprobs) override;
  void on_delta(RequestId part, const Delta& delta) override;
  void on_finished(RequestId part, RequestOutput output) override;
  void on_step(const StepReport& report) override;
  void on_scheduled(RequestId part) override;
  void on_first_token(double seconds) override;
  void on_next_token(double seconds) override;
  void on_finished(const RequestReport& report) override;

  const std::unique_ptr<Generator> generator_;
  const AsyncEngineOptions options_;
  Observer* const observer_;
  const std::function<void(const Error&)> on_dead_;

  std::mutex mutex_;  // guards the next four, and each change of state_ and the counts
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Job>> inbox_;
  std::vector<RequestId> aborts_;
  RequestId next_id_ = 1;
  bool stop_asked_ = false;

  std::atomic<EngineState> state_ = EngineState::kReady;
  std::atomic<int64_t> unfinished_ = 0;
  std::atomic<int64_t> waiting_ = 0;
  std::atomic<int64_t> waiting_tokens_ = 0;

  std::map<RequestId, std::unique_ptr<Job>> jobs_;  // by their first part; the engine's thread only
  std::vector<RequestId> doomed_;  // jobs to abort after the step: one part or the listener failed

  std::mutex thread_mutex_;  // of those who join it
  std::jthread thread_;
};

Status ThreadedEngine::run_thread() {
  try {
    thread_ = std::jthread([this] { run(); });
  } catch (const std::system_error& failure) {
    return error(Code::kResourceExhausted, "cannot start the engine's thread: {}", failure.what());
  }
  pthread_setname_np(thread_.native_handle(), "spyre-engine");
  return {};
}

Result<std::vector<Request>> ThreadedEngine::parts_of(Request request) const {
  SPYRE_TRY(generator_->check_fields(request));
  const schedule::Demand demand = demand_of(0, request);
  const int64_t most =
      generator_->scheduler().most_sequences(demand.prompt_tokens, demand.max_tokens);
  std::vector<Request> parts = split(std::move(request), std::max<int64_t>(1, most));
  SPYRE_TRY(generator_->check(parts[0]));
  return parts;
}

Status ThreadedEngine::check_open() const {
  switch (state_) {
    case EngineState::kReady:
      return {};
    case EngineState::kDraining:
      return error(Code::kUnavailable, "the server is shutting down and takes no new requests");
    case EngineState::kStopped:
      return error(Code::kUnavailable, "the engine has stopped");
    case EngineState::kDead:
      break;
  }
  return error(Code::kUnavailable, "the engine has died; the log says why");
}

Status ThreadedEngine::check_room(int64_t prompt_tokens) const {
  if (unfinished_ == 0) return {};
  if (waiting_ >= options_.max_queued_requests) {
    return error(Code::kResourceExhausted,
                 "the queue is full: {} requests wait, max_num_queued_reqs is {}", waiting_.load(),
                 options_.max_queued_requests);
  }
  if (!options_.max_queued_tokens) return {};
  if (waiting_tokens_ + prompt_tokens > *options_.max_queued_tokens) {
    return error(Code::kResourceExhausted,
                 "the queue is full: {} prompt tokens wait, {} more would exceed "
                 "max_num_queued_tokens {}",
                 waiting_tokens_.load(), prompt_tokens, *options_.max_queued_tokens);
  }
  return {};
}

Result<RequestId> ThreadedEngine::submit(Request request, std::shared_ptr<Listener> listener) {
  const auto prompt_tokens = static_cast<int64_t>(request.prompt.size());
  SPYRE_TRY_ASSIGN(std::vector<Request> parts, parts_of(std::move(request)));
  const std::lock_guard lock(mutex_);
  SPYRE_TRY(check_open());
  SPYRE_TRY(check_room(prompt_tokens));
  const RequestId id = next_id_;
  next_id_ += parts.size();
  inbox_.push_back(std::make_unique<Job>(id, std::move(parts), std::move(listener)));
  ++unfinished_;
  ++waiting_;
  waiting_tokens_ += prompt_tokens;
  changed_.notify_all();
  return id;
}

void ThreadedEngine::abort(RequestId id) {
  const std::lock_guard lock(mutex_);
  aborts_.push_back(id);
  changed_.notify_all();
}

bool ThreadedEngine::drain(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  if (state_ == EngineState::kReady) state_ = EngineState::kDraining;
  return changed_.wait_for(lock, wait, [this] { return unfinished_ == 0; });
}

void ThreadedEngine::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_asked_ = true;
    if (state_ != EngineState::kDead) state_ = EngineState::kStopped;
    changed_.notify_all();
  }
  const std::lock_guard lock(thread_mutex_);
  if (thread_.joinable()) thread_.join();
}

// Exceptions are those of libraries, and memory that ran out.
void ThreadedEngine::run() {
  try {
    if (options_.on_thread_start) options_.on_thread_start();
    work();
  } catch (const std::exception& exception) {
    die({Code::kInternal, fmt::format("the engine failed: {}", exception.what())});
  }
}

void ThreadedEngine::work() {
  bool busy = false;
  while (true) {
    News news = wait_for_news(busy);
    for (auto& job : news.jobs) admit(std::move(job));
    for (const RequestId id : news.aborts) abort_parts(id);
    if (news.stop) {
      generator_->abort_all(*this);
      return;
    }
    const Result<bool> stepped = generator_->step(*this);
    if (!stepped) return die(stepped.error());
    busy = *stepped;
    while (!doomed_.empty()) {
      const RequestId id = doomed_.back();
      doomed_.pop_back();
      abort_parts(id);
    }
  }
}

ThreadedEngine::News ThreadedEngine::wait_for_news(bool busy) {
  std::unique_lock lock(mutex_);
  const auto any = [this] { return !inbox_.empty() || !aborts_.empty() || stop_asked_; };
  if (!busy) changed_.wait(lock, any);
  return {
      .jobs = std::exchange(inbox_, {}), .aborts = std::exchange(aborts_, {}), .stop = stop_asked_};
}

void ThreadedEngine::admit(std::unique_ptr<Job> job) {
  RequestId part = job->id();
  const Clock::time_point arrival = job->arrival();
  std::vector<Request> parts = job->take_parts();
  jobs_.emplace(part, std::move(job));
  for (Request& each : parts) {
    const Status status = generator_->submit(part, std::move(each), arrival);
    if (!status) on_finished(part, {.error = status.error()});
    ++part;
  }
}

void ThreadedEngine::abort_parts(RequestId id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return;
  const int64_t parts = found->second->num_parts();
  for (int64_t i = 0; i < parts; ++i) generator_->abort(id + static_cast<RequestId>(i), *this);
}

// The generator has ended what it knew, unless it threw; whoever is left hears it here.
void ThreadedEngine::die(const Error& reason) {
  log::error("the engine is dead: {}", reason.message);
  {
    const std::lock_guard lock(mutex_);
    state_ = EngineState::kDead;
    for (auto& job : inbox_) jobs_.emplace(job->id(), std::move(job));
    inbox_.clear();
  }
  while (!jobs_.empty()) {
    Job& job = *jobs_.begin()->second;
    while (!job.add_output({.error = reason})) {
    }
    close(job);
  }
  if (on_dead_) on_dead_(reason);
}

bool ThreadedEngine::leave_queue(Job& job) {
  if (!job.begin()) return false;
  --waiting_;
  waiting_tokens_ -= job.prompt_tokens();
  return true;
}

void ThreadedEngine::close(Job& job) {
  leave_queue(job);
  const RequestId id = job.id();
  job.finish();
  jobs_.erase(id);
  const std::lock_guard lock(mutex_);
  --unfinished_;
  changed_.notify_all();
}

void ThreadedEngine::on_prompt(RequestId part, std::span<const TokenOutput> prompt_logprobs) {
  Job& job = job_of_part(part);
  if (!job.on_prompt(prompt_logprobs)) doomed_.push_back(job.id());
}

void ThreadedEngine::on_delta(RequestId part, const Delta& delta) {
  Job& job = job_of_part(part);
  if (!job.on_delta(delta)) doomed_.push_back(job.id());
}

void ThreadedEngine::on_finished(RequestId part, RequestOutput output) {
  Job& job = job_of_part(part);
  const bool last = job.add_output(std::move(output));
  if (last) return close(job);
  if (job.failed()) doomed_.push_back(job.id());
}

void ThreadedEngine::on_step(const StepReport& report) {
  if (observer_ != nullptr) observer_->on_step(report);
}

void ThreadedEngine::on_scheduled(RequestId part) {
  Job& job = job_of_part(part);
  if (leave_queue(job) && observer_ != nullptr) observer_->on_scheduled(job.id());
}

void ThreadedEngine::on_first_token(double seconds) {
  if (observer_ != nullptr) observer_->on_first_token(seconds);
}

void ThreadedEngine::on_next_token(double seconds) {
  if (observer_ != nullptr) observer_->on_next_token(seconds);
}

void ThreadedEngine::on_finished(const RequestReport& report) {
  Job& job = job_of_part(report.id);
  const bool last = job.add_report(report);
  if (last && observer_ != nullptr) observer_->on_finished(job.report());
}

}  // namespace

Result<std::unique_ptr<AsyncEngine>> AsyncEngine::start(std::unique_ptr<Generator> generator,
                                                        const AsyncEngineOptions& options,
                                                        Observer* observer,
                                                        std::function<void(const Error&)> on_dead) {
  auto engine =
      std::make_unique<ThreadedEngine>(std::move(generator), options, observer, std::move(on_dead));
  SPYRE_TRY(engine->run_thread());
  return engine;
}

}  // namespace spyre::engine
