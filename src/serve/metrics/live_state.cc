#include "serve/metrics/live_state.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "serve/metrics/process_metrics.h"

namespace spyre::serve::metrics {

namespace {

constexpr size_t kHistory = 120;  // seconds that are over
constexpr size_t kRecent = 5;     // seconds that a rate is the mean of

double steady_seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

double rounded(double number) { return std::round(number * 1000) / 1000; }

}  // namespace

double LiveState::padding_share(const Second& second) {
  const int64_t tokens = second.prompt_tokens + second.generated_tokens;
  if (second.padding_tokens == 0) return 0;
  return static_cast<double>(second.padding_tokens) /
         static_cast<double>(second.padding_tokens + tokens);
}

// Counts of seconds [begin, end).
LiveState::Second LiveState::sum(size_t begin, size_t end) const {
  Second result;
  for (size_t i = begin; i < end; ++i) {
    result.prompt_tokens += seconds_[i].prompt_tokens;
    result.generated_tokens += seconds_[i].generated_tokens;
    result.padding_tokens += seconds_[i].padding_tokens;
  }
  return result;
}

LiveState::LiveState(const Lifecycle& lifecycle, std::string model_name, Clock clock)
    : lifecycle_(lifecycle),
      model_name_(std::move(model_name)),
      clock_(clock ? std::move(clock) : steady_seconds),
      start_s_(clock_()),
      seconds_(1) {}

// Opens the second that it is now; counts start at 0 in it, levels stay.
void LiveState::advance() const {
  const auto now = static_cast<int64_t>(clock_() - start_s_);
  const int64_t missing = now - last_second_;
  if (missing <= 0) return;
  Second next = seconds_.back();
  next.prompt_tokens = next.generated_tokens = next.padding_tokens = 0;
  const int64_t kept = std::min<int64_t>(missing, kHistory + 1);
  for (int64_t i = 0; i < kept; ++i) seconds_.push_back(next);
  while (seconds_.size() > kHistory + 1) seconds_.pop_front();
  last_second_ = now;
}

LiveState::ShapeUse& LiveState::use_of(const schedule::Shape& shape) {
  const auto found = std::ranges::find(shapes_, shape, &ShapeUse::shape);
  return found == shapes_.end() ? shapes_.emplace_back(ShapeUse{.shape = shape}) : *found;
}

void LiveState::set_shapes(std::span<const schedule::Shape> shapes) {
  const std::lock_guard lock(mutex_);
  for (const schedule::Shape& each : shapes) use_of(each);
}

void LiveState::set_pool(int64_t blocks, int64_t rows) {
  const std::lock_guard lock(mutex_);
  pool_blocks_ = blocks;
  pool_rows_ = rows;
}

void LiveState::set_task(std::string task) {
  const std::lock_guard lock(mutex_);
  task_ = std::move(task);
}

void LiveState::on_scheduled(engine::RequestId) {
  const std::lock_guard lock(mutex_);
  ++scheduled_;
}

void LiveState::on_step(const engine::StepReport& report) {
  const std::lock_guard lock(mutex_);
  advance();
  Second& second = seconds_.back();
  second.prompt_tokens += report.prompt_tokens;
  second.generated_tokens += report.generated_tokens;
  second.padding_tokens += report.padding_tokens;
  second.running = report.running;
  second.waiting = report.waiting;
  second.kv_usage = report.kv_usage;
  paused_ = report.paused;
  prefix_.queries += report.prefix.queries;
  prefix_.hits += report.prefix.hits;
  preemptions_ += report.preemptions;
  if (report.decode_sequences > 0 || report.running == 0) {
    decoding_ = report.running == 0 ? 0 : report.decode_sequences;
  }
  if (report.shape) {
    for (ShapeUse& each : shapes_) each.rows = 0;
    ShapeUse& use = use_of(*report.shape);
    use.rows = report.batch_sequences;
    use.requests += std::exchange(scheduled_, 0);
  }
  if (report.running > 0) return;
  for (ShapeUse& each : shapes_) each.rows = 0;
}

void LiveState::on_finished(const engine::RequestReport&) {
  const std::lock_guard lock(mutex_);
  ++finished_;
}

Json LiveState::shapes_json() const {
  Json shapes = Json::array();
  for (const ShapeUse& each : shapes_) {
    shapes.push_back({{"prompt_tokens", each.shape.prompt_tokens},
                      {"new_tokens", each.shape.new_tokens},
                      {"batch_size", each.shape.batch_size},
                      {"requests", each.requests},
                      {"rows", each.rows}});
  }
  return shapes;
}

Json LiveState::pool_json() const {
  if (pool_blocks_ == 0) return nullptr;
  const double used = seconds_.back().kv_usage * static_cast<double>(pool_blocks_);
  return {{"blocks", pool_blocks_},
          {"blocks_used", std::llround(used)},
          {"rows", pool_rows_},
          {"decoding", decoding_},
          {"prefix_queries", prefix_.queries},
          {"prefix_hits", prefix_.hits},
          {"preemptions", preemptions_}};
}

Json LiveState::history_json() const {
  const auto list = [this](auto value_of) {
    Json values = Json::array();
    for (size_t i = 0; i + 1 < seconds_.size(); ++i) values.push_back(value_of(seconds_[i]));
    return values;
  };
  return {{"prompt_tokens", list([](const Second& each) { return each.prompt_tokens; })},
          {"generated_tokens", list([](const Second& each) { return each.generated_tokens; })},
          {"running", list([](const Second& each) { return each.running; })},
          {"waiting", list([](const Second& each) { return each.waiting; })},
          {"kv_usage", list([](const Second& each) { return rounded(each.kv_usage); })},
          {"padding_share", list([](const Second& each) { return rounded(padding_share(each)); })}};
}

Json LiveState::json() const {
  const LifecycleState life = lifecycle_.state();
  Json json{{"model", model_name_},
            {"status", life.phase == Phase::kReady ? "ready" : "not ready"},
            {"phase", name(life.phase)},
            {"done", life.done},
            {"total", life.total}};
  if (life.eta_seconds) json["eta_seconds"] = rounded(*life.eta_seconds);
  if (!life.message.empty()) json["message"] = life.message;
  const std::lock_guard lock(mutex_);
  advance();
  json["task"] = task_;
  const Second& now = seconds_.back();
  const size_t over = seconds_.size() - 1;
  const size_t recent = std::min(over, kRecent);
  const Second last = sum(over - recent, over);
  const Second all = sum(0, over + 1);
  const double span_s = static_cast<double>(std::max<size_t>(recent, 1));
  json["uptime_seconds"] = rounded(clock_() - start_s_);
  json["resident_bytes"] = process_usage().resident_bytes;
  json["running"] = now.running;
  json["waiting"] = now.waiting;
  json["paused"] = paused_;
  json["finished"] = finished_;
  json["kv_usage"] = rounded(now.kv_usage);
  json["tokens_per_second"] = {
      {"prompt", rounded(static_cast<double>(last.prompt_tokens) / span_s)},
      {"generation", rounded(static_cast<double>(last.generated_tokens) / span_s)}};
  json["padding_share"] = rounded(padding_share(all));
  json["shapes"] = shapes_json();
  json["pool"] = pool_json();
  json["history"] = history_json();
  return json;
}

}  // namespace spyre::serve::metrics
