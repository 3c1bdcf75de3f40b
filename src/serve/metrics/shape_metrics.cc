#include "serve/metrics/shape_metrics.h"

#include <fmt/format.h>

namespace spyre::serve::metrics {

std::string text(const schedule::Shape& shape) {
  return fmt::format("{}x{}x{}", shape.prompt_tokens, shape.new_tokens, shape.batch_size);
}

ShapeMetrics::ShapeMetrics(SeriesRegistry& registry, Labels labels)
    : registry_(registry),
      labels_(std::move(labels)),
      warmup_progress_(registry.gauge("spyre:warmup_progress", "Warm-up; 1 is done.", labels_)),
      cache_hits_(registry.counter("spyre:graph_cache_hits_total", "Graphs taken from the cache.",
                                   labels_)),
      cache_misses_(registry.counter("spyre:graph_cache_misses_total",
                                     "Graphs that had to be compiled.", labels_)),
      cache_evictions_(registry.counter("spyre:graph_cache_evictions_total",
                                        "Graphs removed from the cache.", labels_)),
      padding_{},
      misfits_{} {
  constexpr std::array<const char*, 2> kKinds = {"prefill", "decode"};
  for (size_t i = 0; i < kKinds.size(); ++i) {
    padding_[i] =
        &registry.counter("spyre:padding_tokens_total", "Positions of shapes that held no token.",
                          with(labels_, "kind", kKinds[i]));
  }
  constexpr std::array<const char*, 3> kReasons = {"prompt_too_long", "answer_too_long",
                                                   "too_many_sequences"};
  for (size_t i = 0; i < kReasons.size(); ++i) {
    misfits_[i] = &registry.counter("spyre:shape_rejections_total", "Requests that no shape takes.",
                                    with(labels_, "reason", kReasons[i]));
  }
}

Counter& ShapeMetrics::requests_of(const schedule::Shape& shape) {
  return registry_.counter("spyre:shape_requests_total", "Requests that ran in a shape.",
                           with(labels_, "shape", text(shape)));
}

void ShapeMetrics::on_step(const engine::StepReport& report) {
  if (report.kind == schedule::StepKind::kIdle) return;
  const auto padding = static_cast<double>(report.padding_tokens);
  padding_[report.kind == schedule::StepKind::kPrefill ? 0 : 1]->Increment(padding);
  if (!report.shape) return;
  // A request's first step is one of the shape's.
  if (const int64_t started = scheduled_.exchange(0); started > 0) {
    requests_of(*report.shape).Increment(static_cast<double>(started));
  }
}

void ShapeMetrics::on_misfit(Misfit why) { misfits_[static_cast<size_t>(why)]->Increment(); }

void ShapeMetrics::on_graph(const std::string& graph, const std::string& shape, GraphSource source,
                            double seconds) {
  (source == GraphSource::kCache ? cache_hits_ : cache_misses_).Increment();
  Labels labels = with(with(labels_, "graph", graph), "shape", shape);
  labels["source"] = source == GraphSource::kCompiled ? "compiled"
                     : source == GraphSource::kCache  ? "cache"
                                                      : "ahead_of_time";
  registry_.gauge("spyre:graph_compile_seconds", "Time to compile or load a graph.", labels)
      .Set(seconds);
}

void ShapeMetrics::set_shapes(std::span<const schedule::Shape> shapes) {
  for (const schedule::Shape& each : shapes) requests_of(each);
}

void ShapeMetrics::set_model_load_seconds(double seconds) {
  registry_.gauge("spyre:model_load_seconds", "Time to load the weights.", labels_).Set(seconds);
}

void ShapeMetrics::set_warmup_seconds(double seconds) {
  registry_.gauge("spyre:warmup_seconds", "Time to warm all shapes up.", labels_).Set(seconds);
}

void ShapeMetrics::set_fallback_routines(int64_t routines) {
  registry_
      .gauge("spyre:graph_fallback_routines",
             "Routines that run over ahead-of-time kernels, as they could not be compiled.",
             labels_)
      .Set(static_cast<double>(routines));
}

void ShapeMetrics::set_planned_memory(const std::string& part, int64_t bytes) {
  registry_
      .gauge("spyre:memory_planned_bytes", "Memory that the plan gives to a part.",
             with(labels_, "part", part))
      .Set(static_cast<double>(bytes));
}

}  // namespace spyre::serve::metrics
