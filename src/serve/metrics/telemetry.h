// All of this room, put together as a server wants it: one observer for the engine, the routes, and
// what the start tells as it goes.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "serve/metrics/counting_engine.h"
#include "serve/metrics/fan_out.h"
#include "serve/metrics/live_state.h"
#include "serve/metrics/perf_log.h"
#include "serve/metrics/request_log.h"
#include "serve/metrics/routes.h"
#include "serve/metrics/stats_line.h"

namespace spyre::serve::metrics {

struct TelemetryOptions {
  std::string model_name;                            // the first served name
  std::optional<double> stats_interval_s = {};       // VLLM_LOG_STATS_INTERVAL; none: no line
  std::optional<std::filesystem::path> folder = {};  // of the two files; none: no files
};

// What is known once memory is planned.
struct PlanFacts {
  std::string task = "generate";  // or "embed", "classify"
  std::vector<schedule::Shape> shapes;
  int64_t max_model_len = 0;
  int64_t max_num_seqs = 0;
  CacheConfig cache;
  int64_t draft_tokens = 0;  // of a draft, at most; 0: no speculation
  std::vector<std::pair<std::string, int64_t>> memory = {};  // part, bytes
};

// Thread-safe but for the start's facts, which come from one thread.
class Telemetry {
 public:
  // lifecycle is borrowed. Errors: LogFile::create().
  static Result<std::unique_ptr<Telemetry>> create(const Lifecycle& lifecycle,
                                                   const TelemetryOptions& options);

  // For AsyncEngine::start() and ServerOptions::on_answered.
  engine::Observer& observer() { return observer_; }
  void on_http(const http::AccessRecord& record) { metrics_.on_http(record); }
  std::vector<http::Route> routes() const { return metrics_routes(metrics_, state_); }
  // The engine that requests go to, so that refusals are counted; borrows the real one.
  std::unique_ptr<engine::AsyncEngine> counting(engine::AsyncEngine& engine) {
    return std::make_unique<CountingEngine>(engine, metrics_);
  }

  // The start, in this order.
  void settings(const PerfSettings& settings);
  void planned(const PlanFacts& facts);
  void model_loaded(const std::string& model, double seconds);
  void warming(int64_t passes_done, int64_t passes);
  // pass: 1 or 2.
  void shape_warmed(const schedule::Shape& shape, int pass, double seconds);
  void all_warmed(double seconds);
  // A compiled graph: "decode", "4x4x4" (rows, sequences, sampled rows).
  void graph_prepared(const std::string& graph, const std::string& shape, GraphSource source,
                      double seconds) {
    metrics_.shapes().on_graph(graph, shape, source, seconds);
  }
  // Routines that could not be compiled.
  void graphs_fell_back(int64_t routines) { metrics_.shapes().set_fallback_routines(routines); }

  // Logs the regular line when it is due. To be called several times a second.
  void poll();

  ServerMetrics& metrics() { return metrics_; }

 private:
  Telemetry(const Lifecycle& lifecycle, const TelemetryOptions& options);

  ServerMetrics metrics_;
  LiveState state_;
  std::optional<StatsLine> stats_;
  std::optional<PerfLog> perf_log_;
  std::optional<RequestLog> request_log_;
  FanOut observer_{{}};
};

}  // namespace spyre::serve::metrics
