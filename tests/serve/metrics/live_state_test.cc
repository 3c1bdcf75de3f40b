#include "serve/metrics/live_state.h"

#include <gtest/gtest.h>

#include "serve/metrics/script.h"

namespace spyre::serve::metrics {
namespace {

class Live : public ::testing::Test {
 protected:
  double now_s_ = 1000.25;
  Lifecycle lifecycle_;
  LiveState state_{lifecycle_, "org/name", [this] { return now_s_; }};

  static engine::StepReport decode(int64_t rows) {
    return {.kind = schedule::StepKind::kDecode,
            .shape = kShape,
            .generated_tokens = rows,
            .batch_sequences = rows,
            .padding_tokens = kShape.batch_size - rows,
            .running = rows,
            .waiting = 2,
            .kv_usage = 0.5};
  }
};

TEST_F(Live, BeforeReady) {
  lifecycle_.enter(Phase::kWarmingUp);
  lifecycle_.progress(1, 4);
  const Json json = state_.json();
  EXPECT_EQ(json["model"], "org/name");
  EXPECT_EQ(json["phase"], "warming up");
  EXPECT_EQ(json["status"], "not ready");
  EXPECT_EQ(json["done"], 1);
  EXPECT_EQ(json["total"], 4);
  EXPECT_EQ(json["running"], 0);
  EXPECT_EQ(json["tokens_per_second"]["generation"], 0);
  EXPECT_EQ(json["padding_share"], 0);
  EXPECT_TRUE(json["shapes"].empty());
  EXPECT_TRUE(json["history"]["running"].empty());
  EXPECT_GT(json["resident_bytes"], 0);
}

TEST_F(Live, AfterDeath) {
  lifecycle_.die("no more");
  EXPECT_EQ(state_.json()["phase"], "dead");
  EXPECT_EQ(state_.json()["message"], "no more");
}

TEST_F(Live, ShapesAndHowFullTheyAre) {
  lifecycle_.enter(Phase::kReady);
  const schedule::Shape other{.prompt_tokens = 128, .new_tokens = 3, .batch_size = 1};
  state_.set_shapes(std::array{other, kShape});
  state_.on_scheduled(1);
  state_.on_scheduled(2);
  state_.on_step(decode(2));
  Json json = state_.json();
  EXPECT_EQ(json["status"], "ready");
  ASSERT_EQ(json["shapes"].size(), 2);
  EXPECT_EQ(json["shapes"][0], Json({{"prompt_tokens", 128},
                                     {"new_tokens", 3},
                                     {"batch_size", 1},
                                     {"requests", 0},
                                     {"rows", 0}}));
  EXPECT_EQ(json["shapes"][1]["requests"], 2);
  EXPECT_EQ(json["shapes"][1]["rows"], 2);
  EXPECT_EQ(json["running"], 2);
  EXPECT_EQ(json["waiting"], 2);
  EXPECT_EQ(json["kv_usage"], 0.5);
  EXPECT_EQ(json["padding_share"], 0.5);
  state_.on_step({.kind = schedule::StepKind::kIdle});
  json = state_.json();
  EXPECT_EQ(json["shapes"][1]["rows"], 0);
  EXPECT_EQ(json["shapes"][1]["requests"], 2);
  state_.on_finished({});
  EXPECT_EQ(state_.json()["finished"], 1);
}

TEST_F(Live, ThePoolOfContinuousBatching) {
  EXPECT_TRUE(state_.json()["pool"].is_null());
  state_.set_pool(40, 8);
  state_.on_step({.kind = schedule::StepKind::kMixed,
                  .decode_sequences = 3,
                  .prefix = {.queries = 100, .hits = 64},
                  .preemptions = 1,
                  .running = 4,
                  .paused = 2,
                  .kv_usage = 0.25});
  const Json json = state_.json();
  EXPECT_EQ(json["pool"], Json({{"blocks", 40},
                                {"blocks_used", 10},
                                {"rows", 8},
                                {"decoding", 3},
                                {"prefix_queries", 100},
                                {"prefix_hits", 64},
                                {"preemptions", 1}}));
  EXPECT_EQ(json["paused"], 2);
  state_.on_step({.kind = schedule::StepKind::kIdle});
  EXPECT_EQ(state_.json()["pool"]["decoding"], 0);
}

TEST_F(Live, HistoryIsSecondBySecond) {
  for (int i = 0; i < 4; ++i) state_.on_step(decode(2));
  now_s_ += 1;
  state_.on_step(decode(1));
  now_s_ += 2;
  const Json json = state_.json();
  EXPECT_EQ(json["history"]["generated_tokens"], Json({8, 1, 0}));
  EXPECT_EQ(json["history"]["running"], Json({2, 1, 1}));
  EXPECT_EQ(json["history"]["padding_share"], Json({0.5, 0.75, 0.0}));
  EXPECT_EQ(json["tokens_per_second"]["generation"], 3);
  EXPECT_EQ(json["uptime_seconds"], 3);
}

TEST_F(Live, RatesForgetAndHistoryIsTwoMinutes) {
  state_.on_step(decode(4));
  now_s_ += 6;
  EXPECT_EQ(state_.json()["tokens_per_second"]["generation"], 0);
  now_s_ += 1e6;
  const Json json = state_.json();
  EXPECT_EQ(json["history"]["generated_tokens"].size(), 120);
  EXPECT_EQ(json["history"]["kv_usage"][0], 0.5);
}

}  // namespace
}  // namespace spyre::serve::metrics
