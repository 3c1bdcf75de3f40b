// The regular line of the log: throughput, queues, KV cache. In vLLM's words, so that what reads
// its logs reads ours. Time is passed in; a loop of the caller asks every now and then.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "engine/observer.h"

namespace spyre::serve::metrics {

// Thread-safe.
class StatsLine final : public engine::Observer {
 public:
  // Seconds between lines, and now on the caller's clock.
  StatsLine(double interval_s, double now_s) : interval_s_(interval_s), last_s_(now_s) {}

  void on_step(const engine::StepReport& report) override;
  void on_first_token(double) override {}
  void on_next_token(double) override {}
  void on_finished(const engine::RequestReport&) override {}

  // The line when one is due. None while nothing runs, but for one that says so.
  std::optional<std::string> poll(double now_s);

 private:
  const double interval_s_;
  std::mutex mutex_;  // guards all below
  double last_s_;
  bool was_idle_ = true;
  int64_t prompt_tokens_ = 0;  // since the last line
  int64_t generated_tokens_ = 0;
  int64_t running_ = 0;
  int64_t waiting_ = 0;
  double kv_usage_ = 0;
};

}  // namespace spyre::serve::metrics
