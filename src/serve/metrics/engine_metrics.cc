#include "serve/metrics/engine_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "serve/metrics/finish_number.h"

namespace spyre::serve::metrics {

namespace {

// In the order of finish_number().
constexpr std::array<const char*, 5> kReasonNames = {"stop", "length", "abort", "error",
                                                     "repetition"};

double real(int64_t number) { return static_cast<double>(number); }

}  // namespace

EngineMetrics::EngineMetrics(SeriesRegistry& registry, std::string model_name)
    : registry_(registry),
      labels_{{"model_name", std::move(model_name)}, {"engine", "0"}},
      running_(registry.gauge("vllm:num_requests_running", "Requests that run.", labels_)),
      waiting_(registry.gauge("vllm:num_requests_waiting", "Requests that wait.", labels_)),
      waiting_for_capacity_(registry.gauge("vllm:num_requests_waiting_by_reason",
                                           "Requests that wait, by what they wait for.",
                                           with(labels_, "reason", "capacity"))),
      kv_usage_{
          registry.gauge("vllm:kv_cache_usage_perc", "KV cache in use; 1 is all of it.", labels_),
          registry.gauge("vllm:gpu_cache_usage_perc",
                         "KV cache in use; old name of vllm:kv_cache_usage_perc.", labels_)},
      prompt_tokens_(registry.counter("vllm:prompt_tokens_total",
                                      "Prompt tokens, computed or found.", labels_)),
      computed_prompt_tokens_(registry.counter("vllm:prompt_tokens_by_source_total",
                                               "Prompt tokens, by where they came from.",
                                               with(labels_, "source", "local_compute"))),
      cached_prompt_tokens_(registry.counter("vllm:prompt_tokens_by_source_total",
                                             "Prompt tokens, by where they came from.",
                                             with(labels_, "source", "local_cache_hit"))),
      prompt_tokens_cached_(registry.counter("vllm:prompt_tokens_cached_total",
                                             "Prompt tokens that were found.", labels_)),
      preemption_count_(registry.counter("vllm:num_preemptions_total",
                                         "Requests that lost their KV blocks.", labels_)),
      prefix_queries_{
          registry.counter("vllm:prefix_cache_queries_total",
                           "Prompt tokens that were looked up in the prefix cache.", labels_),
          registry.counter("vllm:gpu_prefix_cache_queries_total",
                           "Old name of vllm:prefix_cache_queries_total.", labels_)},
      prefix_hits_{registry.counter("vllm:prefix_cache_hits_total",
                                    "Prompt tokens that the prefix cache spared.", labels_),
                   registry.counter("vllm:gpu_prefix_cache_hits_total",
                                    "Old name of vllm:prefix_cache_hits_total.", labels_)},
      decode_batch_(registry.gauge("sendnn:decode_batch",
                                   "Requests of the last decode; 0 when idle.", labels_)),
      paused_(registry.gauge("sendnn:paused", "Requests that sit out.", labels_)),
      pauses_(registry.counter("sendnn:pause_events_total",
                               "By how many the requests that sit out became more.", labels_)),
      resumes_(registry.counter("sendnn:resume_events_total",
                                "By how many the requests that sit out became fewer.", labels_)),
      generation_tokens_(
          registry.counter("vllm:generation_tokens_total", "Tokens generated.", labels_)),
      success_{},
      rejections_{},
      iteration_tokens_(registry.histogram("vllm:iteration_tokens_total",
                                           "Tokens of a step: prompt and generated.", labels_,
                                           metrics::iteration_tokens())),
      choices_(registry.histogram("vllm:request_params_n", "Choices that a request asks for.",
                                  labels_, metrics::choices())),
      preemptions_(registry.histogram("vllm:request_num_preemptions",
                                      "How often a request was preempted.", labels_,
                                      metrics::preemptions())),
      first_token_(registry.histogram("vllm:time_to_first_token_seconds",
                                      "From a request's arrival to its first token.", labels_,
                                      first_token_seconds())),
      next_token_{
          registry.histogram("vllm:inter_token_latency_seconds",
                             "From one token of a sequence to the next.", labels_, token_seconds()),
          registry.histogram("vllm:time_per_output_token_seconds",
                             "Old name of vllm:inter_token_latency_seconds.", labels_,
                             token_seconds())},
      mean_token_(registry.histogram("vllm:request_time_per_output_token_seconds",
                                     "Mean time between the tokens of a request.", labels_,
                                     token_seconds())),
      e2e_(seconds("e2e_request_latency", "From a request's arrival to its end.")),
      queue_(seconds("request_queue_time", "From a request's arrival to its first step.")),
      inference_(seconds("request_inference_time",
                         "From a request's first step to its last "
                         "token.")),
      prefill_(seconds("request_prefill_time", "From a request's first step to its first token.")),
      decode_(seconds("request_decode_time", "From a request's first token to its last.")) {
  for (size_t i = 0; i < kReasons; ++i) {
    success_[i] = &registry.counter("vllm:request_success_total", "Requests that ended.",
                                    with(labels_, "finished_reason", kReasonNames[i]));
  }
  const Labels only_model{{"model_name", labels_.at("model_name")}};
  constexpr std::array<const char*, 2> kLimits = {"max_num_queued_reqs", "max_num_queued_tokens"};
  for (size_t i = 0; i < kLimits.size(); ++i) {
    rejections_[i] = &registry.counter("vllm:admission_rejections_total",
                                       "Requests turned away because too much waited.",
                                       with(only_model, "reason", kLimits[i]));
  }
  // Of features that are not here; dashboards divide by some of them.
  registry.gauge("vllm:num_requests_waiting_by_reason",
                 "Requests that wait, by what they wait for.", with(labels_, "reason", "deferred"));
  registry.counter("vllm:prompt_tokens_by_source_total", "Prompt tokens, by where they came from.",
                   with(labels_, "source", "external_kv_transfer"));
}

Histogram& EngineMetrics::seconds(const std::string& name, const std::string& help) {
  return registry_.histogram(fmt::format("vllm:{}_seconds", name), help, labels_,
                             request_seconds());
}

void EngineMetrics::on_step(const engine::StepReport& report) {
  running_.Set(real(report.running));
  waiting_.Set(real(report.waiting));
  waiting_for_capacity_.Set(real(report.waiting));
  kv_usage_.today.Set(report.kv_usage);
  kv_usage_.before.Set(report.kv_usage);
  paused_.Set(real(report.paused));
  if (report.running == 0) {
    decode_batch_.Set(0);
  } else if (report.decode_sequences > 0) {
    decode_batch_.Set(real(report.decode_sequences));
  }
  if (report.kind == schedule::StepKind::kIdle) return;
  count_cached(report);
  prompt_tokens_.Increment(real(report.prompt_tokens + report.cached_tokens));
  computed_prompt_tokens_.Increment(real(report.prompt_tokens));
  generation_tokens_.Increment(real(report.generated_tokens));
  iteration_tokens_.Observe(real(report.prompt_tokens + report.generated_tokens));
  if (report.drafts.drafts > 0) count_drafts(report.drafts);
}

void EngineMetrics::count_cached(const engine::StepReport& report) {
  for (Counter* each : {&prefix_queries_.today, &prefix_queries_.before}) {
    each->Increment(real(report.prefix.queries));
  }
  for (Counter* each : {&prefix_hits_.today, &prefix_hits_.before}) {
    each->Increment(real(report.prefix.hits));
  }
  cached_prompt_tokens_.Increment(real(report.cached_tokens));
  prompt_tokens_cached_.Increment(real(report.cached_tokens));
  preemption_count_.Increment(real(report.preemptions));
  pauses_.Increment(real(report.pauses));
  resumes_.Increment(real(report.resumes));
}

void EngineMetrics::count_drafts(const engine::DraftCounts& counts) {
  const std::lock_guard lock(mutex_);
  if (!drafts_) return;
  drafts_->drafts.Increment(real(counts.drafts));
  drafts_->draft_tokens.Increment(real(counts.draft_tokens));
  drafts_->accepted_tokens.Increment(real(counts.accepted_tokens));
  for (size_t i = 0; i < drafts_->accepted_at.size(); ++i) {
    drafts_->accepted_at[i]->Increment(real(counts.accepted_at[i]));
  }
}

void EngineMetrics::on_first_token(double seconds) { first_token_.Observe(seconds); }

void EngineMetrics::on_next_token(double seconds) {
  next_token_.today.Observe(seconds);
  next_token_.before.Observe(seconds);
}

void EngineMetrics::on_finished(const engine::RequestReport& report) {
  success_[static_cast<size_t>(finish_number(report))]->Increment();
  choices_.Observe(real(report.n));
  preemptions_.Observe(real(report.preemptions));
  observe_times(report);
  const std::lock_guard lock(mutex_);
  if (!tokens_) return;
  const int64_t choices = std::max<int64_t>(report.n, 1);
  tokens_->prompt.Observe(real(report.prompt_tokens));
  tokens_->generation.Observe(real(report.generated_tokens));
  tokens_->longest_generation.Observe(real((report.generated_tokens + choices - 1) / choices));
  tokens_->max_tokens.Observe(real(report.max_tokens));
  if (report.first_token_s) {
    tokens_->computed_prompt.Observe(real(report.prompt_tokens - report.cached_tokens));
  }
}

void EngineMetrics::observe_times(const engine::RequestReport& report) {
  e2e_.Observe(report.finished_s);
  if (!report.scheduled_s) return;
  queue_.Observe(*report.scheduled_s);
  if (!report.first_token_s || !report.last_token_s) return;
  const double decode_s = *report.last_token_s - *report.first_token_s;
  prefill_.Observe(*report.first_token_s - *report.scheduled_s);
  decode_.Observe(decode_s);
  inference_.Observe(*report.last_token_s - *report.scheduled_s);
  const double tokens = real(report.generated_tokens) / real(std::max<int64_t>(report.n, 1));
  if (tokens > 1) mean_token_.Observe(decode_s / (tokens - 1));
}

void EngineMetrics::on_queue_full(QueueLimit limit) {
  rejections_[limit == QueueLimit::kRequests ? 0 : 1]->Increment();
}

void EngineMetrics::set_cache_config(const CacheConfig& config) {
  Labels labels = labels_;
  labels["block_size"] = fmt::format("{}", config.block_tokens);
  labels["num_gpu_blocks"] = fmt::format("{}", config.num_blocks);
  labels["kv_cache_size_tokens"] = fmt::format("{}", config.num_blocks * config.block_tokens);
  labels["kv_cache_max_concurrency"] = fmt::format("{}", config.max_sequences);
  labels["gpu_memory_utilization"] = fmt::format("{}", config.memory_utilization);
  labels["enable_prefix_caching"] = config.prefix_caching ? "True" : "False";
  labels["cache_dtype"] = config.cache_dtype;
  registry_.gauge("vllm:cache_config_info", "How the KV cache is set up.", labels).Set(1);
}

void EngineMetrics::set_max_model_len(int64_t tokens) {
  const Edges edges = request_tokens(tokens);
  const auto make = [&](const std::string& name, const std::string& help) -> Histogram& {
    return registry_.histogram("vllm:request_" + name, help, labels_, edges);
  };
  const std::lock_guard lock(mutex_);
  tokens_ = std::make_unique<TokenHistograms>(TokenHistograms{
      make("prompt_tokens", "Prompt tokens of a request."),
      make("generation_tokens", "Tokens generated for a request."),
      make("max_num_generation_tokens", "Tokens generated for a choice, the mean of a request."),
      make("params_max_tokens", "Longest answer that a request asks for."),
      make("prefill_kv_computed_tokens", "Prompt tokens of a request that were computed.")});
}

void EngineMetrics::set_draft_tokens(int64_t most) {
  const auto make = [&](const std::string& name, const std::string& help) -> Counter& {
    return registry_.counter(fmt::format("vllm:spec_decode_{}_total", name), help, labels_);
  };
  const std::lock_guard lock(mutex_);
  drafts_ = std::make_unique<DraftCounters>(
      DraftCounters{make("num_drafts", "Drafts that were checked."),
                    make("num_draft_tokens", "Tokens of drafts."),
                    make("num_accepted_tokens", "Tokens of drafts that were accepted."),
                    {}});
  for (int64_t i = 0; i < most; ++i) {
    drafts_->accepted_at.push_back(
        &registry_.counter("vllm:spec_decode_num_accepted_tokens_per_pos_total",
                           "Tokens of drafts that were accepted, by place in the draft.",
                           with(labels_, "position", fmt::format("{}", i))));
  }
}

}  // namespace spyre::serve::metrics
