#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/json.h"
#include "base/temporary_folder.h"
#include "serve/metrics/perf_log.h"
#include "serve/metrics/request_log.h"
#include "serve/metrics/script.h"
#include "serve/metrics/stats_line.h"

namespace spyre::serve::metrics {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Logs : public ::testing::Test {
 protected:
  TemporaryFolder temporary_;
  std::filesystem::path folder_ = temporary_.path() / "deep" / "er";
};

TEST_F(Logs, PerfLogHasTheLinesThatScriptsLookFor) {
  {
    auto log = PerfLog::create(folder_, 0, [] { return std::time_t{86400 * 200}; });
    ASSERT_TRUE(log) << log.error().message;
    const schedule::Shape small{.prompt_tokens = 64, .new_tokens = 20, .batch_size = 1};
    log->settings({.shapes = {kShape, small}, .dt_opt = "varsub=1"});
    log->model_loaded("org/name", 1.5);
    log->shape_warmed(kShape, 1, 0.25);
    log->shape_warmed(kShape, 2, 0.125);
    log->all_warmed(0.375);
  }
  std::string text = content(folder_ / "perf_log_rank_0.txt");
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
    const std::string line = text.substr(begin, text.find('\n', begin) - begin);
    EXPECT_THAT(line, ContainsRegex("^07-(19|20) [0-9][0-9]:[0-9][0-9]:[0-9][0-9], "));
    lines.push_back(line.substr(16));
  }
  EXPECT_THAT(lines,
              ::testing::ElementsAre(
                  "VLLM_SPYRE_USE_CB, 0", "VLLM_SPYRE_WARMUP_PROMPT_LENS, [64, 64]",
                  "VLLM_SPYRE_WARMUP_NEW_TOKENS, [20, 20]", "VLLM_SPYRE_WARMUP_BATCH_SIZES, [4, 1]",
                  "AIU_WORLD_SIZE, 1", "DT_OPT, varsub=1", "load model time, 1.5, model, org/name",
                  "warmup 1 time, 0.25, batch_size, 4, max_tokens, 20, prompt_len, 64",
                  "warmup 2 time, 0.125, batch_size, 4, max_tokens, 20, prompt_len, 64",
                  "total warmup time, 0.375"));
}

TEST_F(Logs, OldFilesAreReplacedAndLinksAreNotFollowed) {
  std::filesystem::create_directories(folder_);
  std::ofstream(temporary_.path() / "precious") << "kept";
  std::filesystem::create_symlink(temporary_.path() / "precious", folder_ / "perf_log_rank_0.txt");
  std::ofstream(folder_ / "request_metrics.jsonl") << "old\n";
  ASSERT_TRUE(PerfLog::create(folder_, 0));
  ASSERT_TRUE(RequestLog::create(folder_));
  EXPECT_EQ(content(temporary_.path() / "precious"), "kept");
  EXPECT_EQ(content(folder_ / "request_metrics.jsonl"), "");
}

TEST_F(Logs, AFolderThatCannotBeMadeIsAnErrorThatNamesTheSetting) {
  std::ofstream(temporary_.path() / "deep") << "a file";
  const auto refused = [](const auto& log) {
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().code, Code::kIo);
    EXPECT_THAT(log.error().message, HasSubstr("VLLM_SPYRE_PERF_METRIC_LOGGING_DIR"));
  };
  refused(PerfLog::create(folder_, 0));
  refused(RequestLog::create(folder_));
}

TEST_F(Logs, ARequestIsALineOfJson) {
  {
    auto log = RequestLog::create(folder_, [] {
      return std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'042));
    });
    ASSERT_TRUE(log);
    log->on_finished({.prompt_tokens = 9,
                      .generated_tokens = 5,
                      .max_tokens = 7,
                      .finish_reason = sample::FinishReason::kLength,
                      .scheduled_s = 0.125,
                      .first_token_s = 0.25,
                      .last_token_s = 2.25,
                      .finished_s = 2.5,
                      .interrupted_s = 1});
    log->on_finished({.prompt_tokens = 1, .failed = true, .finished_s = 3});
    log->on_finished({.prompt_tokens = 1, .scheduled_s = 1, .finished_s = 3});
  }
  std::ifstream file(folder_ / "request_metrics.jsonl");
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  Json entry = *parse_json(line, "line");
  EXPECT_THAT(entry["timestamp"].get<std::string>(),
              ContainsRegex("^2023-11-1[45]T[0-9:]+\\.042$"));
  entry.erase("timestamp");
  EXPECT_EQ(entry, Json({{"prefill_interrupt_seconds", 1.0},
                         {"decode_only_itl_seconds", 0.25},
                         {"finish_reason", 1},
                         {"num_prompt_tokens", 9},
                         {"num_generation_tokens", 5},
                         {"max_tokens_param", 7},
                         {"e2e_latency_seconds", 2.5},
                         {"queued_time_seconds", 0.125},
                         {"prefill_time_seconds", 0.125},
                         {"inference_time_seconds", 2.125},
                         {"decode_time_seconds", 2.0},
                         {"mean_time_per_output_token_seconds", 0.5}}));
  ASSERT_TRUE(std::getline(file, line));
  entry = *parse_json(line, "line");
  EXPECT_EQ(entry["finish_reason"], 3);
  EXPECT_EQ(entry["queued_time_seconds"], 3.0);
  EXPECT_EQ(entry["inference_time_seconds"], 0.0);
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_EQ((*parse_json(line, "line"))["finish_reason"], 2);
}

TEST(StatsLine, SaysWhatHappenedSinceTheLastOne) {
  StatsLine stats(10, 100);
  play_request(stats, 50, 5);
  EXPECT_EQ(stats.poll(109.9), std::nullopt);
  EXPECT_EQ(stats.poll(110),
            "Engine 000: Avg prompt throughput: 5.0 tokens/s, Avg generation throughput: 0.5 "
            "tokens/s, Running: 0 reqs, Waiting: 0 reqs, KV cache usage: 0.0%, Prefix cache hit "
            "rate: 0.0%");
  EXPECT_THAT(stats.poll(120).value_or(""), HasSubstr("Avg prompt throughput: 0.0"));
  EXPECT_EQ(stats.poll(130), std::nullopt);
  stats.on_step({.kind = schedule::StepKind::kDecode,
                 .generated_tokens = 20,
                 .running = 2,
                 .waiting = 1,
                 .kv_usage = 0.125});
  EXPECT_THAT(*stats.poll(150),
              HasSubstr("generation throughput: 1.0 tokens/s, Running: 2 reqs, Waiting: 1 reqs, KV "
                        "cache usage: 12.5%"));
  EXPECT_NE(stats.poll(160), std::nullopt) << "requests still run";
}

TEST(StatsLine, IsSilentWhileNothingEverRan) {
  StatsLine stats(10, 0);
  EXPECT_EQ(stats.poll(1000), std::nullopt);
}

}  // namespace
}  // namespace spyre::serve::metrics
