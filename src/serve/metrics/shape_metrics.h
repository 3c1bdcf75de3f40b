// The spyre:* family: what vLLM has no name for. Shapes and how full they run, padding, warm-up,
// compiled graphs, the memory plan.
#pragma once

#include <array>
#include <atomic>
#include <span>
#include <string>
#include <string_view>

#include "engine/observer.h"
#include "serve/metrics/series.h"

namespace spyre::serve::metrics {

// Why no shape takes a request.
enum class Misfit { kPromptTooLong, kAnswerTooLong, kTooManySequences };

// Where a graph came from.
enum class GraphSource { kCompiled, kCache, kAheadOfTime };

// "64x20x4": prompt tokens, new tokens, batch size.
std::string text(const schedule::Shape& shape);

// Thread-safe; the observer's calls come from the engine's thread.
class ShapeMetrics final : public engine::Observer {
 public:
  // registry is borrowed. labels are on every series.
  ShapeMetrics(SeriesRegistry& registry, Labels labels);

  void on_step(const engine::StepReport& report) override;
  void on_scheduled(engine::RequestId) override { ++scheduled_; }
  void on_first_token(double) override {}
  void on_next_token(double) override {}
  void on_finished(const engine::RequestReport&) override {}

  void on_misfit(Misfit why);
  void on_graph(const std::string& graph, const std::string& shape, GraphSource source,
                double seconds);
  void on_graph_evicted() { cache_evictions_.Increment(); }

  // Shapes that are there before any request is.
  void set_shapes(std::span<const schedule::Shape> shapes);
  void set_model_load_seconds(double seconds);
  void set_warmup_progress(double share) { warmup_progress_.Set(share); }
  void set_warmup_seconds(double seconds);
  void set_fallback_routines(int64_t routines);
  void set_planned_memory(const std::string& part, int64_t bytes);

 private:
  Counter& requests_of(const schedule::Shape& shape);

  SeriesRegistry& registry_;
  const Labels labels_;
  Gauge& warmup_progress_;
  Counter& cache_hits_;
  Counter& cache_misses_;
  Counter& cache_evictions_;
  std::array<Counter*, 2> padding_;  // prefill, decode
  std::array<Counter*, 3> misfits_;
  std::atomic<int64_t> scheduled_ = 0;  // requests since the last step with a shape
};

}  // namespace spyre::serve::metrics
