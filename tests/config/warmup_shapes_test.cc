#include "config/warmup_shapes.h"

#include <gtest/gtest.h>

#include "config/support.h"

namespace spyre::config {
namespace {

using Shapes = std::vector<WarmupShape>;

// Through a command whose model use is not known, so that load() itself leaves the lists alone.
Result<Shapes> shapes_of(Variables variables, ModelUse use = ModelUse::kGenerate) {
  variables.emplace("VLLM_SPYRE_DYNAMO_BACKEND", "eager");
  SPYRE_TRY_ASSIGN(const Settings settings, settings_of(variables, {"serve", "m"}));
  return warmup_shapes(settings, use);
}

constexpr char kPrompts[] = "VLLM_SPYRE_WARMUP_PROMPT_LENS";
constexpr char kAnswers[] = "VLLM_SPYRE_WARMUP_NEW_TOKENS";
constexpr char kBatches[] = "VLLM_SPYRE_WARMUP_BATCH_SIZES";

TEST(WarmupShapes, NoneSetIsForThePlanner) { EXPECT_EQ(shapes_of({}), Shapes{}); }

TEST(WarmupShapes, OneSetGivesTheOthersTheirDefaults) {
  EXPECT_EQ(shapes_of({{kPrompts, "128"}}), (Shapes{{128, 20, 1}}));
  EXPECT_EQ(shapes_of({{kAnswers, "7"}}), (Shapes{{64, 7, 1}}));
  EXPECT_EQ(shapes_of({{kBatches, "4"}}), (Shapes{{64, 20, 4}}));
}

TEST(WarmupShapes, SortedByBatchThenPromptNotByAnswer) {
  EXPECT_EQ(shapes_of({{kPrompts, "64,192,128,128"}, {kAnswers, "5,9,8,3"}, {kBatches, "4,1,1,1"}}),
            (Shapes{{128, 8, 1}, {128, 3, 1}, {192, 9, 1}, {64, 5, 4}}));
}

TEST(WarmupShapes, UnequalLengths) {
  EXPECT_EQ(
      message(shapes_of({{kPrompts, "64,128"}, {kBatches, "1,2"}})),
      "warmup shapes: wanted lists of equal length, found 2 in VLLM_SPYRE_WARMUP_PROMPT_LENS, "
      "1 in VLLM_SPYRE_WARMUP_NEW_TOKENS (its default), 2 in VLLM_SPYRE_WARMUP_BATCH_SIZES");
  EXPECT_THAT(message(shapes_of({{kPrompts, "64,128"}, {kAnswers, "20,20"}})),
              says("1 in VLLM_SPYRE_WARMUP_BATCH_SIZES"));
}

TEST(WarmupShapes, PoolingModelsHaveNoNewTokens) {
  EXPECT_EQ(
      shapes_of({{kPrompts, "512,64"}, {kAnswers, "9"}, {kBatches, "2,1"}}, ModelUse::kPooling),
      (Shapes{{64, 0, 1}, {512, 0, 2}}));
}

TEST(WarmupShapes, PromptLengthIsAMultipleOf64) {
  EXPECT_THAT(message(shapes_of({{kPrompts, "100"}})), says(kPrompts, "a multiple of 64", "'100'"));
}

TEST(WarmupShapes, TheCardNeedsThreeNewTokens) {
  const Variables two = {{kAnswers, "2"}};
  EXPECT_EQ(shapes_of(two), (Shapes{{64, 2, 1}}));
  Variables card = two;
  card.emplace("VLLM_SPYRE_DYNAMO_BACKEND", "sendnn");
  EXPECT_THAT(message(shapes_of(card)), says(kAnswers, "at least 3", "sendnn", "found 2"));
}

TEST(WarmupShapes, GeneratingCommandsCheckAtStart) {
  EXPECT_THAT(message(settings_of({{kPrompts, "64,128"}, {kBatches, "1,1"}})),
              says("lists of equal length"));
  EXPECT_THAT(message(settings_of({{kPrompts, "64,128"}}, {"serve", "m"})),
              says("lists of equal length"));
  EXPECT_TRUE(settings_of({{kPrompts, "64,128"}, {"VLLM_SPYRE_USE_CB", "1"}}));
}

}  // namespace
}  // namespace spyre::config
