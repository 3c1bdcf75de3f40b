#include "serve/metrics/telemetry.h"

#include <chrono>

#include "base/log.h"

namespace spyre::serve::metrics {

namespace {

double steady_seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

}  // namespace

Telemetry::Telemetry(const Lifecycle& lifecycle, const TelemetryOptions& options)
    : metrics_(options.model_name), state_(lifecycle, options.model_name) {
  if (options.stats_interval_s) stats_.emplace(*options.stats_interval_s, steady_seconds());
}

Result<std::unique_ptr<Telemetry>> Telemetry::create(const Lifecycle& lifecycle,
                                                     const TelemetryOptions& options) {
  std::unique_ptr<Telemetry> made(new Telemetry(lifecycle, options));
  std::vector<engine::Observer*> observers = {&made->metrics_, &made->state_};
  if (made->stats_) observers.push_back(&*made->stats_);
  if (options.folder) {
    SPYRE_TRY_ASSIGN(made->perf_log_, PerfLog::create(*options.folder, 0));
  }
  // As for the plugins of the card, the second file needs the regular line.
  if (options.folder && made->stats_) {
    SPYRE_TRY_ASSIGN(made->request_log_, RequestLog::create(*options.folder));
    observers.push_back(&*made->request_log_);
  }
  made->observer_ = FanOut(std::move(observers));
  return made;
}

void Telemetry::settings(const PerfSettings& settings) {
  if (perf_log_) perf_log_->settings(settings);
}

void Telemetry::planned(const PlanFacts& facts) {
  state_.set_task(facts.task);
  state_.set_shapes(facts.shapes);
  if (facts.shapes.empty()) state_.set_pool(facts.cache.num_blocks, facts.max_num_seqs);
  metrics_.shapes().set_shapes(facts.shapes);
  metrics_.engine().set_max_model_len(facts.max_model_len);
  metrics_.engine().set_cache_config(facts.cache);
  if (facts.draft_tokens > 0) metrics_.engine().set_draft_tokens(facts.draft_tokens);
  for (const auto& [part, bytes] : facts.memory) metrics_.shapes().set_planned_memory(part, bytes);
}

void Telemetry::model_loaded(const std::string& model, double seconds) {
  metrics_.shapes().set_model_load_seconds(seconds);
  if (perf_log_) perf_log_->model_loaded(model, seconds);
}

void Telemetry::warming(int64_t passes_done, int64_t passes) {
  if (passes <= 0) return;
  metrics_.shapes().set_warmup_progress(static_cast<double>(passes_done) /
                                        static_cast<double>(passes));
}

void Telemetry::shape_warmed(const schedule::Shape& shape, int pass, double seconds) {
  if (perf_log_) perf_log_->shape_warmed(shape, pass, seconds);
}

void Telemetry::all_warmed(double seconds) {
  metrics_.shapes().set_warmup_progress(1);
  metrics_.shapes().set_warmup_seconds(seconds);
  if (perf_log_) perf_log_->all_warmed(seconds);
}

void Telemetry::poll() {
  if (!stats_) return;
  if (const auto line = stats_->poll(steady_seconds())) log::info("{}", *line);
}

}  // namespace spyre::serve::metrics
