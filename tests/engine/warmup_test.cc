// Warm-up: programs for exactly the shapes, no trace of it afterwards.
#include "engine/warmup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine_fixture.h"
#include "engine/step_shapes.h"
#include "schedule/static_batching.h"

namespace spyre::engine::testing {
namespace {

constexpr const char* kModel = "decoders/llama";
const std::vector<schedule::Shape> kShapes = {
    {.prompt_tokens = 64, .new_tokens = 1, .batch_size = 1},
    {.prompt_tokens = 64, .new_tokens = 24, .batch_size = 8}};

TEST(StepShapes, AreNoLargerThanTheShape) {
  const StepShapes large = step_shapes({.prompt_tokens = 128, .new_tokens = 9, .batch_size = 4});
  EXPECT_EQ(large.prefill.rows, 256);
  EXPECT_EQ(large.prefill.sequences, 4);
  EXPECT_EQ(large.prefill.output_rows, 64);
  EXPECT_EQ(large.decode.rows, 4);
  EXPECT_EQ(large.decode.output_rows, 4);
  const StepShapes small =
      step_shapes({.prompt_tokens = 64, .new_tokens = 9, .batch_size = 1}, {.prefill_rows = 32});
  EXPECT_EQ(small.prefill.rows, 32);
  EXPECT_EQ(small.prefill.output_rows, 32);
}

TEST(StepShapes, DraftsHaveAProgramOfTheirOwn) {
  const auto shapes = [](int64_t batch, int64_t draft_tokens) {
    return step_shapes({.prompt_tokens = 64, .new_tokens = 9, .batch_size = batch},
                       {.draft_tokens = draft_tokens});
  };
  EXPECT_EQ(shapes(4, 0).verify, std::nullopt);
  EXPECT_EQ(shapes(4, 0).all().size(), 2u);
  const StepShapes four = shapes(4, 5);
  EXPECT_EQ(four.decode.rows, 4);
  ASSERT_TRUE(four.verify);
  EXPECT_EQ(four.verify->rows, 24);
  EXPECT_EQ(four.verify->sequences, 4);
  EXPECT_EQ(four.verify->output_rows, 24);
  EXPECT_EQ(four.all().size(), 3u);
  // Bounded, and none at all for a batch that is as large.
  EXPECT_EQ(shapes(32, 4).verify->rows, 64);
  EXPECT_EQ(shapes(64, 4).verify, std::nullopt);
  for (int64_t draft_tokens = 0; draft_tokens <= 16; ++draft_tokens) {
    for (int64_t batch = 1; batch < 80; ++batch) {
      EXPECT_LE(verify_rows(batch, draft_tokens), verify_rows(batch + 1, draft_tokens));
    }
  }
}

TEST(Warmup, RunsEachShapeTwiceAndLeavesNoTrace) {
  EngineFixture offline(kModel);
  EngineFixture engine(kModel);
  std::vector<std::pair<size_t, int>> calls;
  const auto warmed = warm_up(engine.model().runner(), kShapes, {.excluded_tokens = {1, 2}},
                              [&](const WarmupProgress& progress) {
                                EXPECT_EQ(progress.num_shapes, 2u);
                                calls.emplace_back(progress.shape, progress.pass);
                                return true;
                              });
  ASSERT_TRUE(warmed);
  EXPECT_EQ(warmed->size(), 2u);
  EXPECT_EQ((*warmed)[1].shape, kShapes[1]);
  const std::vector<std::pair<size_t, int>> wanted = {{0, 1}, {0, 2}, {1, 1}, {1, 2}};
  EXPECT_EQ(calls, wanted);

  const auto generator =
      Generator::create(engine.model().runner(), engine.tokenizer(),
                        schedule::StaticBatching::create({.shapes = kShapes}).value(), {})
          .value();
  Recorder recorder;
  for (RequestId id = 0; id < 8; ++id) ASSERT_TRUE(generator->submit(id, engine.request(1, 24)));
  while (generator->step(recorder).value()) {
  }
  for (RequestId id = 0; id < 8; ++id) {
    EXPECT_EQ(recorder.outcomes[id].output.completions[0].token_ids, offline.greedy(1));
  }
}

TEST(Warmup, DraftsFitIntoTheSmallestShape) {
  for (const int64_t batch : {1, 7, 8}) {
    EngineFixture engine(kModel);
    const std::vector<schedule::Shape> shapes = {
        {.prompt_tokens = 64, .new_tokens = 1, .batch_size = batch},
        {.prompt_tokens = 64, .new_tokens = 60, .batch_size = batch}};
    EXPECT_TRUE(warm_up(engine.model().runner(), shapes, {.steps = {.draft_tokens = 16}},
                        [](const WarmupProgress&) { return true; }));
  }
}

TEST(Warmup, SharedProgramsAreWarmedOnce) {
  EngineFixture engine(kModel);
  const std::vector<schedule::Shape> shapes = {
      {.prompt_tokens = 64, .new_tokens = 20, .batch_size = 2},
      {.prompt_tokens = 64, .new_tokens = 24, .batch_size = 2},
      {.prompt_tokens = 64, .new_tokens = 24, .batch_size = 1}};
  const auto warmed =
      warm_up(engine.model().runner(), shapes, {}, [](const WarmupProgress&) { return true; });
  ASSERT_TRUE(warmed);
  EXPECT_GT((*warmed)[0].pass1_seconds, 0);
  EXPECT_EQ((*warmed)[1].pass1_seconds, 0);
  EXPECT_EQ((*warmed)[1].pass2_seconds, 0);
  EXPECT_GT((*warmed)[2].pass1_seconds, 0);
}

TEST(Warmup, StopsWhenAsked) {
  EngineFixture engine(kModel);
  const auto warmed = warm_up(engine.model().runner(), kShapes, {},
                              [](const WarmupProgress& progress) { return progress.pass == 1; });
  ASSERT_FALSE(warmed);
  EXPECT_EQ(warmed.error().code, Code::kCancelled);
}

TEST(Warmup, RefusesAShapeLongerThanTheModelLength) {
  EngineFixture engine(kModel);
  const std::vector<schedule::Shape> shapes = {
      {.prompt_tokens = 64, .new_tokens = 1 << 20, .batch_size = 1}};
  const auto warmed =
      warm_up(engine.model().runner(), shapes, {}, [](const WarmupProgress&) { return true; });
  ASSERT_FALSE(warmed);
  EXPECT_THAT(warmed.error().message, ::testing::HasSubstr("--max-model-len"));
}

TEST(Warmup, RefusesAShapeBeyondTheCache) {
  EngineFixture engine(kModel);
  const std::vector<schedule::Shape> shapes = {
      {.prompt_tokens = 64, .new_tokens = 64, .batch_size = 9}};
  const auto warmed =
      warm_up(engine.model().runner(), shapes, {}, [](const WarmupProgress&) { return true; });
  ASSERT_FALSE(warmed);
  EXPECT_THAT(warmed.error().message, ::testing::HasSubstr("wanted 18 KV blocks"));
}

}  // namespace
}  // namespace spyre::engine::testing
