// The vllm:* family: what vLLM's dashboards, autoscalers and routers read, under its names, with
// its labels and buckets. Names of the 0.9 line that later changed are there as well. Counts follow
// vLLM's law: R requests of P prompt tokens and M answered ones make R first tokens, R*(M-1) gaps
// between tokens, and, alone in their batches, R*M iterations.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/observer.h"
#include "serve/metrics/series.h"

namespace spyre::serve::metrics {

// Why a request was turned away at the queue's door.
enum class QueueLimit { kRequests, kTokens };

// vllm:cache_config_info.
struct CacheConfig {
  int64_t block_tokens = 0;
  int64_t num_blocks = 0;
  int64_t max_sequences = 0;  // of the longest sort, at once
  double memory_utilization = 0;
  bool prefix_caching = false;
  std::string cache_dtype = "auto";
};

// Thread-safe; the observer's calls come from the engine's thread.
class EngineMetrics final : public engine::Observer {
 public:
  // registry is borrowed.
  EngineMetrics(SeriesRegistry& registry, std::string model_name);

  void on_step(const engine::StepReport& report) override;
  void on_first_token(double seconds) override;
  void on_next_token(double seconds) override;
  void on_finished(const engine::RequestReport& report) override;

  void on_queue_full(QueueLimit limit);
  void set_cache_config(const CacheConfig& config);
  // Makes the histograms of tokens, whose edges end there. Once, before the first request.
  void set_max_model_len(int64_t tokens);
  // Makes the counters of speculation, whose drafts have at most so many tokens: 1 to
  // engine::kMostDraftTokens. Once, before the first request; never without speculation.
  void set_draft_tokens(int64_t most);

  // model_name and engine.
  const Labels& labels() const { return labels_; }

 private:
  // A series under today's name and under that of the 0.9 line.
  struct Gauges {
    Gauge& today;
    Gauge& before;
  };
  struct Counters {
    Counter& today;
    Counter& before;
  };
  struct Histograms {
    Histogram& today;
    Histogram& before;
  };
  struct TokenHistograms {
    Histogram& prompt;
    Histogram& generation;
    Histogram& longest_generation;
    Histogram& max_tokens;
    Histogram& computed_prompt;
  };
  struct DraftCounters {
    Counter& drafts;
    Counter& draft_tokens;
    Counter& accepted_tokens;
    std::vector<Counter*> accepted_at;  // by place in the draft
  };
  static constexpr size_t kReasons = 5;

  Histogram& seconds(const std::string& name, const std::string& help);
  void observe_times(const engine::RequestReport& report);
  void count_cached(const engine::StepReport& report);
  void count_drafts(const engine::DraftCounts& counts);

  SeriesRegistry& registry_;
  const Labels labels_;
  Gauge& running_;
  Gauge& waiting_;
  Gauge& waiting_for_capacity_;
  Gauges kv_usage_;
  Counter& prompt_tokens_;
  Counter& computed_prompt_tokens_;
  Counter& cached_prompt_tokens_;
  Counter& prompt_tokens_cached_;
  Counter& preemption_count_;
  Counters prefix_queries_;
  Counters prefix_hits_;
  Gauge& decode_batch_;
  Gauge& paused_;
  Counter& pauses_;
  Counter& resumes_;
  Counter& generation_tokens_;
  std::array<Counter*, kReasons> success_;
  std::array<Counter*, 2> rejections_;
  Histogram& iteration_tokens_;
  Histogram& choices_;
  Histogram& preemptions_;
  Histogram& first_token_;
  Histograms next_token_;
  Histogram& mean_token_;
  Histogram& e2e_;
  Histogram& queue_;
  Histogram& inference_;
  Histogram& prefill_;
  Histogram& decode_;
  std::mutex mutex_;  // guards the making of what follows
  std::unique_ptr<TokenHistograms> tokens_;
  std::unique_ptr<DraftCounters> drafts_;
};

}  // namespace spyre::serve::metrics
