// The door of static batching: every refusal, and what it says.
#include "schedule/static_admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spyre::schedule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<Shape> kTwoShapes = {{4096, 1024, 1}, {1024, 256, 4}};

std::string refusal(const Status& status) { return status ? "accepted" : status.error().message; }

template <typename T>
std::string refusal(const Result<T>& result) {
  return result ? "accepted" : result.error().message;
}

TEST(SortedShapes, ByBatchThenPromptAndEqualsAsGiven) {
  const auto shapes = sorted_shapes(
      std::vector<Shape>{{128, 20, 4}, {64, 9, 4}, {64, 7, 4}, {256, 20, 1}, {64, 8, 4}});
  ASSERT_TRUE(shapes);
  EXPECT_THAT(*shapes, ElementsAre(Shape{256, 20, 1}, Shape{64, 9, 4}, Shape{64, 7, 4},
                                   Shape{64, 8, 4}, Shape{128, 20, 4}));
}

TEST(SortedShapes, RefusesWhatMakesNoSense) {
  const auto of = [](Shape shape) { return refusal(sorted_shapes(std::vector<Shape>{shape})); };
  EXPECT_THAT(refusal(sorted_shapes({})), HasSubstr("at least one warmup shape"));
  EXPECT_THAT(of({65, 20, 1}), HasSubstr("VLLM_SPYRE_WARMUP_PROMPT_LENS"));
  EXPECT_THAT(of({0, 20, 1}), HasSubstr("VLLM_SPYRE_WARMUP_PROMPT_LENS"));
  EXPECT_THAT(of({-64, 20, 1}), HasSubstr("multiples of 64, found -64"));
  EXPECT_THAT(of({64, 0, 1}), HasSubstr("VLLM_SPYRE_WARMUP_NEW_TOKENS"));
  EXPECT_THAT(of({64, 20, 0}), HasSubstr("VLLM_SPYRE_WARMUP_BATCH_SIZES"));
}

TEST(FitsAShape, UpToTheLastToken) {
  EXPECT_TRUE(fits_a_shape(kTwoShapes, {0, 4096, 1024}));
  EXPECT_TRUE(fits_a_shape(kTwoShapes, {0, 1024, 256, 4}));
  EXPECT_TRUE(fits_a_shape(kTwoShapes, {0, 1, 0}));
}

TEST(FitsAShape, AMisfitIsToldInTheWordsThatUsersKnow) {
  EXPECT_EQ(refusal(fits_a_shape(kTwoShapes, {0, 4097, 5})),
            "No applicable warmup shape exists for combination of prompt length (4097 tokens) and "
            "maximum number of output tokens to be generated (5 tokens); the shapes are (prompt, "
            "new tokens, batch) (4096,1024,1), (1024,256,4); nearest fit: (4096,1024,1), with a "
            "prompt of at most 4096 tokens; shorten the prompt or raise "
            "VLLM_SPYRE_WARMUP_PROMPT_LENS");
}

TEST(FitsAShape, AnAnswerTooLongIsToldTheLongest) {
  EXPECT_THAT(refusal(fits_a_shape(kTwoShapes, {0, 50, 2000})),
              HasSubstr("(4096,1024,1), with max_tokens of at most 1024; lower max_tokens or raise "
                        "VLLM_SPYRE_WARMUP_NEW_TOKENS"));
}

TEST(FitsAShape, MoreSequencesThanTheBatchHolds) {
  EXPECT_THAT(refusal(fits_a_shape(kTwoShapes, {0, 10, 10, 5})),
              AllOf(HasSubstr("n: wanted at most 4 sequences"), HasSubstr("found 5"),
                    HasSubstr("VLLM_SPYRE_WARMUP_BATCH_SIZES")));
  // Only the shape of one sequence holds this prompt.
  EXPECT_THAT(refusal(fits_a_shape(kTwoShapes, {0, 2000, 10, 2, true})),
              HasSubstr("beam_width: wanted at most 1 sequences"));
}

TEST(MostNewTokens, IsTheLargestOfTheShapesThatHoldThePrompt) {
  const std::vector<Shape> shapes = {{64, 20, 1}, {128, 10, 1}, {128, 15, 4}};
  EXPECT_EQ(most_new_tokens(shapes, 64), 20);
  EXPECT_EQ(most_new_tokens(shapes, 65), 15);
  EXPECT_EQ(most_new_tokens(shapes, 129), 0);
}

TEST(MostSequences, IsTheLargestBatchOfTheShapesThatHoldTheRequest) {
  EXPECT_EQ(most_sequences(kTwoShapes, 1024, 256), 4);
  EXPECT_EQ(most_sequences(kTwoShapes, 1024, 257), 1);
  EXPECT_EQ(most_sequences(kTwoShapes, 5000, 1), 0);
}

}  // namespace
}  // namespace spyre::schedule
