#include "serve/metrics/counting_engine.h"

#include <gtest/gtest.h>

#include "serve/metrics/fan_out.h"
#include "serve/metrics/script.h"

namespace spyre::serve::metrics {
namespace {

// Answers every submit with the same words.
class OneAnswer final : public engine::AsyncEngine {
 public:
  Result<engine::RequestId> submit(engine::Request, std::shared_ptr<engine::Listener>) override {
    return answer;
  }
  void abort(engine::RequestId id) override { aborted = id; }
  int64_t most_new_tokens(int64_t prompt_tokens) const override {
    return prompt_tokens <= 64 ? 20 : 0;
  }
  engine::EngineState state() const override { return engine::EngineState::kDraining; }
  int64_t num_unfinished() const override { return 3; }
  int64_t num_waiting() const override { return 2; }
  bool drain(std::chrono::milliseconds) override { return true; }
  void stop() override { stopped = true; }

  Result<engine::RequestId> answer = 7;
  engine::RequestId aborted = 0;
  bool stopped = false;
};

class Counting : public ::testing::Test {
 protected:
  // Submits a prompt of so many tokens; what grew, by its label reason.
  std::string counted(Error refusal, size_t prompt_tokens = 3) {
    const auto before = samples_of(metrics_.text());
    inner_.answer = std::unexpected(std::move(refusal));
    EXPECT_FALSE(engine_.submit({.prompt = std::vector<int32_t>(prompt_tokens, 1)}, nullptr));
    std::string grown;
    for (const auto& [series, value] : samples_of(metrics_.text())) {
      constexpr std::string_view kReason = "reason=\"";
      const size_t reason = series.find(kReason);
      if (reason == std::string::npos || value == before.at(series)) continue;
      const size_t begin = reason + kReason.size();
      grown += series.substr(begin, series.find('"', begin) - begin);
    }
    return grown;
  }

  ServerMetrics metrics_{"m"};
  OneAnswer inner_;
  CountingEngine engine_{inner_, metrics_};
};

TEST_F(Counting, Refusals) {
  EXPECT_EQ(counted({Code::kResourceExhausted, "full: max_num_queued_reqs is 2"}),
            "max_num_queued_reqs");
  EXPECT_EQ(counted({Code::kResourceExhausted, "would exceed max_num_queued_tokens 5"}),
            "max_num_queued_tokens");
  EXPECT_EQ(counted({Code::kInvalidArgument, "No applicable warmup shape exists"}),
            "answer_too_long");
  EXPECT_EQ(counted({Code::kInvalidArgument, "No applicable warmup shape exists"}, 65),
            "prompt_too_long");
  EXPECT_EQ(counted({Code::kInvalidArgument, "the largest batch of the warmup shapes that hold"}),
            "too_many_sequences");
  EXPECT_EQ(counted({Code::kInvalidArgument, "temperature: wanted 0 to 2"}), "");
  EXPECT_EQ(counted({Code::kUnavailable, "draining"}), "");
}

TEST_F(Counting, EverythingElsePassesThrough) {
  EXPECT_EQ(engine_.submit({}, nullptr).value(), 7);
  engine_.abort(5);
  EXPECT_EQ(inner_.aborted, 5);
  EXPECT_EQ(engine_.state(), engine::EngineState::kDraining);
  EXPECT_EQ(engine_.num_unfinished(), 3);
  EXPECT_EQ(engine_.num_waiting(), 2);
  EXPECT_TRUE(engine_.drain({}));
  engine_.stop();
  EXPECT_TRUE(inner_.stopped);
}

TEST(FanOut, TellsEveryone) {
  ServerMetrics first("a");
  ServerMetrics second("b");
  FanOut both({&first, &second});
  play_request(both, 9, 3);
  for (const ServerMetrics* each : {&first, &second}) {
    double count = 0;
    for (const auto& [series, value] : samples_of(each->text())) {
      const bool wanted = series.starts_with("vllm:time_to_first_token_seconds_count") ||
                          series.starts_with("vllm:inter_token_latency_seconds_count") ||
                          series.starts_with("vllm:iteration_tokens_total_count") ||
                          series.starts_with("vllm:e2e_request_latency_seconds_count") ||
                          series.starts_with("spyre:shape_requests_total");
      if (wanted) count += value;
    }
    EXPECT_EQ(count, 1 + 2 + 3 + 1 + 1);
  }
}

}  // namespace
}  // namespace spyre::serve::metrics
