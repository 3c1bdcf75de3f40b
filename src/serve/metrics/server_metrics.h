// All that /metrics prints: what the engine reports, what the HTTP server reports, facts of the
// start, and the process itself. Lives from before the model is loaded, so that a scrape sees the
// start.
#pragma once

#include <string>

#include "serve/metrics/engine_metrics.h"
#include "serve/metrics/http_metrics.h"
#include "serve/metrics/shape_metrics.h"

namespace spyre::serve::metrics {

// Thread-safe.
class ServerMetrics final : public engine::Observer {
 public:
  // model_name: the first served name, a label of most series.
  explicit ServerMetrics(const std::string& model_name);

  void on_step(const engine::StepReport& report) override;
  void on_scheduled(engine::RequestId id) override { shapes_.on_scheduled(id); }
  void on_first_token(double seconds) override { engine_.on_first_token(seconds); }
  void on_next_token(double seconds) override { engine_.on_next_token(seconds); }
  void on_finished(const engine::RequestReport& report) override { engine_.on_finished(report); }

  // For ServerOptions::on_answered.
  void on_http(const http::AccessRecord& record) { http_.on_answered(record); }

  // Facts and rejections, by family.
  EngineMetrics& engine() { return engine_; }
  ShapeMetrics& shapes() { return shapes_; }

  // Prometheus' text format 0.0.4.
  std::string text() const;

 private:
  SeriesRegistry registry_;
  EngineMetrics engine_;
  ShapeMetrics shapes_;
  HttpMetrics http_;
};

}  // namespace spyre::serve::metrics
