#include "serve/openai/generation.h"

#include <chrono>
#include <map>
#include <mutex>

#include "base/log.h"
#include "serve/openai/delta_batch.h"
#include "serve/openai/request_lines.h"
#include "serve/openai/submitted.h"

namespace spyre::serve::openai {

namespace {

using Clock = std::chrono::steady_clock;

// A stream of events whose head goes out when every request was taken: until then what comes is
// kept, so that a refusal can still be an answer of its own.
class EventStream {
 public:
  explicit EventStream(http::Exchange& exchange) : exchange_(exchange) {}

  void open(http::Headers headers) {
    headers.emplace_back("Cache-Control", "no-cache");
    const std::scoped_lock lock(mutex_);
    exchange_.begin({.status = 200,
                     .body = std::move(kept_),
                     .content_type = "text/event-stream; charset=utf-8",
                     .headers = std::move(headers)});
    open_ = true;
    if (ended_) exchange_.end();
  }
  void write(std::string_view events) {
    if (events.empty()) return;
    const std::scoped_lock lock(mutex_);
    if (!open_) {
      kept_ += events;
    } else if (!ended_) {
      exchange_.write(events);  // a client that left is told of by on_abandoned
    }
  }
  void end() {
    const std::scoped_lock lock(mutex_);
    if (open_ && !ended_) exchange_.end();
    ended_ = true;
  }

 private:
  http::Exchange& exchange_;
  std::mutex mutex_;  // guards all below
  std::string kept_;
  bool open_ = false;
  bool ended_ = false;
};

class Generation : public std::enable_shared_from_this<Generation> {
 public:
  explicit Generation(GenerationStart start);

  ApiStatus submit();

  // Calls of the engine's thread.
  void on_prompt(size_t prompt, std::span<const engine::TokenOutput> logprobs);
  void on_delta(size_t prompt, const engine::Delta& delta);
  void on_finished(size_t prompt, engine::RequestOutput output);

 private:
  DeltaBatch& batch(size_t prompt, int32_t choice);
  void fail(const Error& error);
  void finish_stream();
  void send_whole();
  void log_request(const engine::Request& request) const;
  void log_answer() const;
  AnswerTimes times() const;

  const Visit visit_;
  const Taker taker_;
  const std::string id_;
  std::vector<engine::Request> requests_;  // until they are submitted
  const std::unique_ptr<Answer> answer_;
  const bool streamed_;
  const http::Headers headers_;
  const Clock::time_point arrival_ = Clock::now();
  EventStream stream_;
  Submitted submitted_;
  // The engine's thread alone, once submit() began.
  std::vector<engine::RequestOutput> outputs_;  // of each prompt
  size_t unfinished_;
  bool failed_ = false;
  std::optional<Clock::time_point> first_token_;
  Clock::time_point last_token_;
  std::map<std::pair<size_t, int32_t>, DeltaBatch> batches_;  // of prompt and choice
};

// The ear for one prompt.
class PromptListener final : public engine::Listener {
 public:
  PromptListener(std::shared_ptr<Generation> generation, size_t prompt)
      : generation_(std::move(generation)), prompt_(prompt) {}

  void on_prompt(engine::RequestId, std::span<const engine::TokenOutput> logprobs) override {
    generation_->on_prompt(prompt_, logprobs);
  }
  void on_delta(engine::RequestId, const engine::Delta& delta) override {
    generation_->on_delta(prompt_, delta);
  }
  void on_finished(engine::RequestId, engine::RequestOutput output) override {
    generation_->on_finished(prompt_, std::move(output));
  }

 private:
  const std::shared_ptr<Generation> generation_;
  const size_t prompt_;
};

Generation::Generation(GenerationStart start)
    : visit_(std::move(start.visit)),
      taker_(start.taker),
      id_(std::move(start.id)),
      requests_(std::move(start.requests)),
      answer_(std::move(start.answer)),
      streamed_(start.stream),
      headers_(std::move(start.headers)),
      stream_(*visit_.exchange),
      submitted_(visit_.service.engine),
      outputs_(requests_.size()),
      unfinished_(requests_.size()) {}

ApiStatus Generation::submit() {
  visit_.exchange->on_abandoned([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->submitted_.abort();
  });
  for (size_t i = 0; i < requests_.size() && !submitted_.aborted(); ++i) {
    const auto prompt_tokens = static_cast<int64_t>(requests_[i].prompt.size());
    if (visit_.service.options.log_requests) log_request(requests_[i]);
    const Result<engine::RequestId> id = visit_.service.engine.submit(
        std::move(requests_[i]), std::make_shared<PromptListener>(shared_from_this(), i));
    if (!id) {
      submitted_.abort();
      return std::unexpected(submit_error(visit_.service, id.error(), prompt_tokens, taker_));
    }
    submitted_.add(*id);
  }
  if (streamed_) stream_.open(headers_);
  return {};
}

void Generation::on_prompt(size_t prompt, std::span<const engine::TokenOutput> logprobs) {
  if (streamed_) answer_->on_prompt(prompt, logprobs);
}

DeltaBatch& Generation::batch(size_t prompt, int32_t choice) {
  return batches_.try_emplace({prompt, choice}, visit_.service.options.stream_interval)
      .first->second;
}

void Generation::on_delta(size_t prompt, const engine::Delta& delta) {
  if (failed_) return;
  last_token_ = Clock::now();
  if (!first_token_) first_token_ = last_token_;
  if (!streamed_) return;
  std::string events;
  if (visit_.service.options.stream_interval <= 1) {
    answer_->on_delta(prompt, delta, events);
  } else if (DeltaBatch& pending = batch(prompt, delta.choice); pending.add(delta)) {
    answer_->on_delta(prompt, pending.take(), events);
  }
  stream_.write(events);
}

void Generation::on_finished(size_t prompt, engine::RequestOutput output) {
  --unfinished_;
  if (failed_) return;
  if (output.error) return fail(*output.error);
  if (streamed_) {
    std::string events;
    answer_->on_finished(prompt, events);
    stream_.write(events);
  }
  outputs_[prompt] = std::move(output);
  if (unfinished_ > 0) return;
  if (streamed_) return finish_stream();
  // A long answer takes its time to write; the engine has better things to do.
  visit_.executor([self = shared_from_this()] { self->send_whole(); });
}

// One prompt that fails fails the answer. The engine must not be called from here.
void Generation::fail(const Error& error) {
  failed_ = true;
  visit_.executor([self = shared_from_this()] { self->submitted_.abort(); });
  const ApiError answer = from_error(error);
  if (!streamed_) return visit_.exchange->send(to_response(answer));
  std::string events;
  append_event(events, error_json(answer));
  append_event(events, "[DONE]");
  stream_.write(events);
  stream_.end();
}

void Generation::finish_stream() {
  const ServiceOptions& options = visit_.service.options;
  if (options.log_requests && options.log_outputs) {
    visit_.executor([self = shared_from_this()] { self->log_answer(); });
  }
  std::string events;
  answer_->end(events);
  append_event(events, "[DONE]");
  stream_.write(events);
  stream_.end();
}

void Generation::send_whole() {
  const ServiceOptions& options = visit_.service.options;
  if (options.log_requests && options.log_outputs) log_answer();
  visit_.exchange->send(
      {.status = 200, .body = answer_->whole(outputs_, times()), .headers = headers_});
}

void Generation::log_request(const engine::Request& request) const {
  log::info("{}", received_line(id_, request));
  if (!spdlog::should_log(spdlog::level::debug)) return;
  log::debug("{}", prompt_line(id_, request, visit_.service.tokenizer,
                               visit_.service.options.max_log_len));
}

void Generation::log_answer() const {
  for (const engine::RequestOutput& output : outputs_) {
    for (const engine::Completion& each : output.completions) {
      log::info("{}", answered_line(id_, each, visit_.service.options.max_log_len));
    }
  }
}

AnswerTimes Generation::times() const {
  const auto seconds = [](Clock::duration time) {
    return std::chrono::duration<double>(time).count();
  };
  if (!first_token_) return {};
  AnswerTimes times{.first_token_s = seconds(*first_token_ - arrival_),
                    .generation_s = seconds(last_token_ - *first_token_)};
  const double waited = times.first_token_s - outputs_[0].timings.prefill_seconds;
  times.queue_s = waited > 0 ? waited : 0;
  return times;
}

}  // namespace

ApiStatus start_generation(GenerationStart start) {
  return std::make_shared<Generation>(std::move(start))->submit();
}

}  // namespace spyre::serve::openai
