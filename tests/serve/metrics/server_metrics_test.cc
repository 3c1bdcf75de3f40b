#include "serve/metrics/server_metrics.h"

#include <gtest/gtest.h>

#include <thread>

#include "serve/metrics/script.h"

namespace spyre::serve::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kLabels[] = R"({engine="0",model_name="m"})";

class Metrics : public ::testing::Test {
 protected:
  // The value of a series with these labels besides engine and model_name; -1: there is none.
  double value(const std::string& name, const std::string& labels = "") const {
    const auto samples = samples_of(metrics_.text());
    double sum = 0;
    bool found = false;
    for (const auto& [series, number] : samples) {
      if (series.substr(0, series.find('{')) != name || !series.contains(labels)) continue;
      found = true;
      sum += number;
    }
    return found ? sum : -1;
  }

  ServerMetrics metrics_{"m"};
};

TEST_F(Metrics, TheLawOfExactCounts) {
  constexpr int64_t kRequests = 7;
  constexpr int64_t kPrompt = 9;
  constexpr int64_t kAnswer = 6;
  metrics_.engine().set_max_model_len(84);
  for (int64_t i = 0; i < kRequests; ++i) play_request(metrics_, kPrompt, kAnswer);
  for (const char* name :
       {"time_to_first_token_seconds", "e2e_request_latency_seconds", "request_queue_time_seconds",
        "request_prefill_time_seconds", "request_decode_time_seconds",
        "request_inference_time_seconds", "request_time_per_output_token_seconds",
        "request_params_n", "request_prompt_tokens", "request_generation_tokens",
        "request_max_num_generation_tokens", "request_params_max_tokens",
        "request_prefill_kv_computed_tokens", "request_num_preemptions"}) {
    EXPECT_EQ(value("vllm:" + std::string(name) + "_count"), kRequests) << name;
  }
  EXPECT_EQ(value("vllm:inter_token_latency_seconds_count"), kRequests * (kAnswer - 1));
  EXPECT_EQ(value("vllm:time_per_output_token_seconds_count"), kRequests * (kAnswer - 1));
  EXPECT_EQ(value("vllm:iteration_tokens_total_count"), kRequests * kAnswer);
  EXPECT_EQ(value("vllm:iteration_tokens_total_sum"), kRequests * (kPrompt + kAnswer));
  EXPECT_EQ(value("vllm:prompt_tokens_total"), kRequests * kPrompt);
  EXPECT_EQ(value("vllm:prompt_tokens_by_source_total", "local_compute"), kRequests * kPrompt);
  EXPECT_EQ(value("vllm:generation_tokens_total"), kRequests * kAnswer);
  EXPECT_EQ(value("vllm:request_success_total", "length"), kRequests);
  EXPECT_EQ(value("vllm:request_success_total"), kRequests);
  EXPECT_EQ(value("vllm:request_prompt_tokens_sum"), kRequests * kPrompt);
  EXPECT_EQ(value("spyre:shape_requests_total", R"(shape="64x20x4")"), kRequests);
  EXPECT_EQ(value("spyre:padding_tokens_total", "prefill"), kRequests * (256 - kPrompt));
  EXPECT_EQ(value("spyre:padding_tokens_total", "decode"), kRequests * (kAnswer - 1) * 3);
  for (const char* name : {"num_requests_running", "num_requests_waiting", "kv_cache_usage_perc",
                           "gpu_cache_usage_perc"}) {
    EXPECT_EQ(value("vllm:" + std::string(name)), 0) << name;
  }
}

TEST_F(Metrics, StagesOfARequest) {
  play_request(metrics_, 9, 5);
  EXPECT_EQ(value("vllm:request_queue_time_seconds_sum"), 0.125);
  EXPECT_EQ(value("vllm:request_prefill_time_seconds_sum"), 0.125);
  EXPECT_EQ(value("vllm:request_decode_time_seconds_sum"), 0.5);
  EXPECT_EQ(value("vllm:request_inference_time_seconds_sum"), 0.625);
  EXPECT_EQ(value("vllm:request_time_per_output_token_seconds_sum"), 0.125);
  EXPECT_EQ(value("vllm:e2e_request_latency_seconds_sum"), 1.5);
}

TEST_F(Metrics, StagesThatWereNotReachedAreNotObserved) {
  metrics_.engine().set_max_model_len(84);
  metrics_.on_finished({.prompt_tokens = 3, .max_tokens = 5, .finished_s = 2});
  EXPECT_EQ(value("vllm:request_success_total", "abort"), 1);
  EXPECT_EQ(value("vllm:e2e_request_latency_seconds_count"), 1);
  EXPECT_EQ(value("vllm:request_queue_time_seconds_count"), 0);
  EXPECT_EQ(value("vllm:request_decode_time_seconds_count"), 0);
  EXPECT_EQ(value("vllm:request_prefill_kv_computed_tokens_count"), 0);
  metrics_.on_finished({.prompt_tokens = 3, .failed = true, .scheduled_s = 1, .finished_s = 2});
  EXPECT_EQ(value("vllm:request_success_total", "error"), 1);
  EXPECT_EQ(value("vllm:request_queue_time_seconds_count"), 1);
}

TEST_F(Metrics, IdleReportsOnlySetLevels) {
  metrics_.on_step(
      {.kind = schedule::StepKind::kIdle, .running = 2, .waiting = 3, .kv_usage = 0.5});
  EXPECT_EQ(value("vllm:num_requests_running"), 2);
  EXPECT_EQ(value("vllm:num_requests_waiting"), 3);
  EXPECT_EQ(value("vllm:num_requests_waiting_by_reason", "capacity"), 3);
  EXPECT_EQ(value("vllm:kv_cache_usage_perc"), 0.5);
  EXPECT_EQ(value("vllm:iteration_tokens_total_count"), 0);
}

TEST_F(Metrics, SeriesAreThereFromTheStart) {
  for (const char* reason : {"stop", "length", "abort", "error", "repetition"}) {
    EXPECT_EQ(value("vllm:request_success_total", reason), 0) << reason;
  }
  const auto samples = samples_of(metrics_.text());
  for (const char* reason : {"max_num_queued_reqs", "max_num_queued_tokens"}) {
    EXPECT_TRUE(samples.contains("vllm:admission_rejections_total{model_name=\"m\",reason=\"" +
                                 std::string(reason) + "\"}") ||
                samples.contains("vllm:admission_rejections_total{reason=\"" + std::string(reason) +
                                 "\",model_name=\"m\"}"))
        << reason;
  }
  for (const char* name : {"vllm:num_preemptions_total", "vllm:prefix_cache_queries_total",
                           "vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_queries_total",
                           "vllm:gpu_prefix_cache_hits_total", "spyre:graph_cache_hits_total",
                           "spyre:graph_cache_misses_total", "spyre:graph_cache_evictions_total",
                           "spyre:shape_rejections_total", "spyre:warmup_progress"}) {
    EXPECT_EQ(value(name), 0) << name;
  }
}

TEST_F(Metrics, WhatContinuousBatchingCounts) {
  metrics_.on_step({.kind = schedule::StepKind::kMixed,
                    .prompt_tokens = 36,
                    .cached_tokens = 64,
                    .decode_sequences = 3,
                    .prefix = {.queries = 100, .hits = 64},
                    .pauses = 2,
                    .resumes = 1,
                    .preemptions = 1,
                    .running = 4,
                    .paused = 2});
  EXPECT_EQ(value("vllm:prefix_cache_queries_total"), 100);
  EXPECT_EQ(value("vllm:prefix_cache_hits_total"), 64);
  EXPECT_EQ(value("vllm:gpu_prefix_cache_hits_total"), 64);
  EXPECT_EQ(value("vllm:prompt_tokens_total"), 100);
  EXPECT_EQ(value("vllm:prompt_tokens_by_source_total", "local_compute"), 36);
  EXPECT_EQ(value("vllm:prompt_tokens_by_source_total", "local_cache_hit"), 64);
  EXPECT_EQ(value("vllm:prompt_tokens_cached_total"), 64);
  EXPECT_EQ(value("vllm:num_preemptions_total"), 1);
  EXPECT_EQ(value("sendnn:decode_batch"), 3);
  EXPECT_EQ(value("sendnn:paused"), 2);
  EXPECT_EQ(value("sendnn:pause_events_total"), 2);
  EXPECT_EQ(value("sendnn:resume_events_total"), 1);
  metrics_.on_step({.kind = schedule::StepKind::kIdle});
  EXPECT_EQ(value("sendnn:decode_batch"), 0);
  EXPECT_EQ(value("sendnn:paused"), 0);
}

TEST_F(Metrics, NamesTypesAndEdgesAreThoseOfPythonsClient) {
  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("# TYPE vllm:prompt_tokens_total counter\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE vllm:num_requests_running gauge\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE vllm:iteration_tokens_total histogram\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE process_cpu_seconds_total counter\n"));
  EXPECT_THAT(text, HasSubstr(R"(le="0.001"})"));
  EXPECT_THAT(text, HasSubstr(R"(le="2560.0"})"));
  EXPECT_THAT(text, HasSubstr(R"(le="+Inf"})"));
  EXPECT_THAT(text, Not(HasSubstr("_total_total")));
  EXPECT_TRUE(samples_of(text).contains("vllm:prompt_tokens_total" + std::string(kLabels)) ||
              samples_of(text).contains(R"(vllm:prompt_tokens_total{model_name="m",engine="0"})"));
}

TEST_F(Metrics, FactsOfTheStart) {
  metrics_.engine().set_cache_config(
      {.block_tokens = 64, .num_blocks = 10, .max_sequences = 4, .memory_utilization = 0.92});
  for (const char* label :
       {R"(block_size="64")", R"(num_gpu_blocks="10")", R"(kv_cache_size_tokens="640")",
        R"(kv_cache_max_concurrency="4")", R"(gpu_memory_utilization="0.92")",
        R"(enable_prefix_caching="False")", R"(cache_dtype="auto")"}) {
    EXPECT_EQ(value("vllm:cache_config_info", label), 1) << label;
  }
  ShapeMetrics& shapes = metrics_.shapes();
  const schedule::Shape other{.prompt_tokens = 128, .new_tokens = 3, .batch_size = 1};
  shapes.set_shapes(std::array{kShape, other});
  EXPECT_EQ(value("spyre:shape_requests_total", R"(shape="128x3x1")"), 0);
  shapes.set_model_load_seconds(2.5);
  shapes.set_warmup_seconds(4);
  shapes.set_warmup_progress(0.5);
  shapes.set_planned_memory("weights", 1000);
  shapes.on_graph("decode", "64x20x4", GraphSource::kCompiled, 0.25);
  shapes.on_graph("decode", "64x20x4", GraphSource::kCache, 0.125);
  shapes.on_graph_evicted();
  EXPECT_EQ(value("spyre:model_load_seconds"), 2.5);
  EXPECT_EQ(value("spyre:warmup_seconds"), 4);
  EXPECT_EQ(value("spyre:warmup_progress"), 0.5);
  EXPECT_EQ(value("spyre:memory_planned_bytes", R"(part="weights")"), 1000);
  EXPECT_EQ(value("spyre:graph_compile_seconds", R"(source="compiled")"), 0.25);
  EXPECT_EQ(value("spyre:graph_compile_seconds", R"(source="cache")"), 0.125);
  EXPECT_EQ(value("spyre:graph_cache_hits_total"), 1);
  EXPECT_EQ(value("spyre:graph_cache_misses_total"), 1);
  EXPECT_EQ(value("spyre:graph_cache_evictions_total"), 1);
}

TEST_F(Metrics, DraftsAreCountedWhereThereIsSpeculation) {
  engine::DraftCounts drafts;
  drafts.add(4, 3);
  drafts.add(2, 0);
  const engine::StepReport step{
      .kind = schedule::StepKind::kDecode, .generated_tokens = 5, .drafts = drafts};
  metrics_.on_step(step);
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("spec_decode")));
  metrics_.engine().set_draft_tokens(4);
  EXPECT_EQ(value("vllm:spec_decode_num_drafts_total"), 0);
  EXPECT_EQ(value("vllm:spec_decode_num_accepted_tokens_per_pos_total"), 0);
  metrics_.on_step(step);
  metrics_.on_step(step);
  EXPECT_EQ(value("vllm:spec_decode_num_drafts_total"), 4);
  EXPECT_EQ(value("vllm:spec_decode_num_draft_tokens_total"), 12);
  EXPECT_EQ(value("vllm:spec_decode_num_accepted_tokens_total"), 6);
  const char* const at = "vllm:spec_decode_num_accepted_tokens_per_pos_total";
  EXPECT_EQ(value(at, R"(position="0")"), 2);
  EXPECT_EQ(value(at, R"(position="2")"), 2);
  EXPECT_EQ(value(at, R"(position="3")"), 0);
  EXPECT_EQ(value(at, R"(position="4")"), -1);
}

TEST_F(Metrics, HttpRequests) {
  http::Request request;
  request.method = "POST";
  http::AccessRecord record{.request = request,
                            .route = "/v1/completions",
                            .status = 200,
                            .request_bytes = 2,
                            .response_bytes = 10,
                            .seconds = 0.3,
                            .client = "unix"};
  metrics_.on_http(record);
  record.status = 404;
  metrics_.on_http(record);
  record.counted = false;
  metrics_.on_http(record);
  EXPECT_EQ(value("http_requests_total"), 2);
  EXPECT_EQ(value("http_requests_total", R"(status="2xx")"), 1);
  EXPECT_EQ(value("http_requests_total", R"(status="4xx")"), 1);
  EXPECT_EQ(value("http_request_size_bytes_sum", R"(handler="/v1/completions")"), 4);
  EXPECT_EQ(value("http_response_size_bytes_count"), 2);
  EXPECT_EQ(value("http_request_duration_seconds_bucket", R"(le="0.5")"), 2);
  EXPECT_EQ(value("http_request_duration_highr_seconds_bucket", R"(le="0.25")"), 0);
  EXPECT_EQ(value("http_request_duration_highr_seconds_count"), 2);
}

TEST_F(Metrics, InventedMethodsShareASeries) {
  for (const char* method : {"BREW", "FROB"}) {
    http::Request request;
    request.method = method;
    metrics_.on_http({.request = request, .route = "none", .status = 405, .client = "unix"});
  }
  EXPECT_EQ(value("http_requests_total", R"(method="other")"), 2);
}

TEST_F(Metrics, ScrapesAndReportsMayMeet) {
  std::jthread scraper([this] {
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(metrics_.text().empty());
  });
  for (int i = 0; i < 200; ++i) play_request(metrics_, 9, 3);
}

}  // namespace
}  // namespace spyre::serve::metrics
