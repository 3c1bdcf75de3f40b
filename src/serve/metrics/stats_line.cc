#include "serve/metrics/stats_line.h"

#include <fmt/format.h>

namespace spyre::serve::metrics {

void StatsLine::on_step(const engine::StepReport& report) {
  const std::lock_guard lock(mutex_);
  prompt_tokens_ += report.prompt_tokens;
  generated_tokens_ += report.generated_tokens;
  running_ = report.running;
  waiting_ = report.waiting;
  kv_usage_ = report.kv_usage;
}

std::optional<std::string> StatsLine::poll(double now_s) {
  const std::lock_guard lock(mutex_);
  const double elapsed_s = now_s - last_s_;
  if (elapsed_s < interval_s_ || elapsed_s <= 0) return std::nullopt;
  const bool idle = prompt_tokens_ == 0 && generated_tokens_ == 0 && running_ == 0 && waiting_ == 0;
  const bool silent = idle && was_idle_;
  const double prompt = static_cast<double>(prompt_tokens_) / elapsed_s;
  const double generation = static_cast<double>(generated_tokens_) / elapsed_s;
  last_s_ = now_s;
  was_idle_ = idle;
  prompt_tokens_ = generated_tokens_ = 0;
  if (silent) return std::nullopt;
  return fmt::format(
      "Engine 000: Avg prompt throughput: {:.1f} tokens/s, Avg generation throughput: {:.1f} "
      "tokens/s, Running: {} reqs, Waiting: {} reqs, KV cache usage: {:.1f}%, Prefix cache hit "
      "rate: 0.0%",
      prompt, generation, running_, waiting_, 100 * kv_usage_);
}

}  // namespace spyre::serve::metrics
