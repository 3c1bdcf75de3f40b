// What the page at / shows of the engine, as JSON: where the server is in its life, who runs, which
// shape is how full, and the last two minutes, second by second.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "engine/observer.h"
#include "serve/lifecycle.h"

namespace spyre::serve::metrics {

// Thread-safe; the observer's calls come from the engine's thread.
class LiveState final : public engine::Observer {
 public:
  // Seconds that only grow.
  using Clock = std::function<double()>;

  LiveState(const Lifecycle& lifecycle, std::string model_name, Clock clock = {});

  void on_step(const engine::StepReport& report) override;
  void on_scheduled(engine::RequestId) override;
  void on_first_token(double) override {}
  void on_next_token(double) override {}
  void on_finished(const engine::RequestReport& report) override;

  // The shapes that were warmed up, in their order.
  void set_shapes(std::span<const schedule::Shape> shapes);

  // Continuous batching: blocks that requests may have, and rows of a batch.
  void set_pool(int64_t blocks, int64_t rows);

  // What the model is for: "generate" until this says "embed" or "classify".
  void set_task(std::string task);

  // {"model", "task", "status", "phase", "done", "total", "eta_seconds"?, "message"?,
  // "uptime_seconds",
  //  "resident_bytes", "running", "waiting", "paused", "finished", "kv_usage",
  //  "tokens_per_second": {"prompt", "generation"}     over the last whole seconds
  //  "padding_share"                                   of all positions, over the history
  //  "shapes": [{"prompt_tokens", "new_tokens", "batch_size", "requests", "rows"}]
  //  "pool": null, or of continuous batching {"blocks", "blocks_used", "rows", "decoding",
  //          "prefix_queries", "prefix_hits", "preemptions"}   tokens and requests since the start
  //  "history": {"prompt_tokens", "generated_tokens", "running", "waiting", "kv_usage",
  //              "padding_share"}}                     a list each, a second an item, oldest first
  Json json() const;

 private:
  struct Second {
    int64_t prompt_tokens = 0;
    int64_t generated_tokens = 0;
    int64_t padding_tokens = 0;
    int64_t running = 0;
    int64_t waiting = 0;
    double kv_usage = 0;
  };
  struct ShapeUse {
    schedule::Shape shape;
    int64_t requests = 0;
    int64_t rows = 0;  // of the batch that runs
  };

  static double padding_share(const Second& second);

  // The caller of these holds the mutex.
  void advance() const;
  Second sum(size_t begin, size_t end) const;
  ShapeUse& use_of(const schedule::Shape& shape);
  Json shapes_json() const;
  Json pool_json() const;
  Json history_json() const;

  const Lifecycle& lifecycle_;
  const std::string model_name_;
  const Clock clock_;
  const double start_s_;
  mutable std::mutex mutex_;            // guards all below
  mutable std::deque<Second> seconds_;  // the last one is not over
  mutable int64_t last_second_ = 0;     // since the start, of seconds_.back()
  std::vector<ShapeUse> shapes_;
  int64_t scheduled_ = 0;  // requests since the last step with a shape
  int64_t paused_ = 0;
  int64_t finished_ = 0;
  int64_t pool_blocks_ = 0;  // 0: not continuous
  int64_t pool_rows_ = 0;
  std::string task_ = "generate";
  int64_t decoding_ = 0;
  schedule::PrefixCounts prefix_;
  int64_t preemptions_ = 0;
};

}  // namespace spyre::serve::metrics
