// Shapes, limits and blocks before anything is read.
#include "plan/static_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/fixture.h"
#include "plan/shape_ladder.h"
#include "runner/kv_shape.h"

namespace spyre::plan {
namespace {

using schedule::Shape;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StaticPlanTest : public ::testing::Test {
 protected:
  StaticPlanTest() {
    inputs_.max_model_len = opened_.checkpoint->config().max_positions;
    inputs_.machine.available_bytes = int64_t{1} << 30;
    inputs_.programs = [](const Shape& shape) {
      return std::vector<model::StepShape>{{.rows = 64, .sequences = shape.batch_size},
                                           {.rows = shape.batch_size,
                                            .sequences = shape.batch_size,
                                            .output_rows = shape.batch_size}};
    };
  }

  Result<ServingPlan> plan() {
    return plan_static(*opened_.checkpoint, opened_.precision, inputs_);
  }
  std::string refusal() {
    const auto result = plan();
    return result ? "accepted" : result.error().message;
  }
  int64_t block_bytes() {
    return runner::kv_shape(opened_.checkpoint->config(), opened_.precision.kv, 1).block_bytes();
  }

  testing::Opened opened_ = testing::open_fixture("decoders/llama");
  StaticInputs inputs_;
};

TEST_F(StaticPlanTest, GivenShapesOverrideTheLimits) {
  inputs_.max_model_len = 100;
  inputs_.max_num_seqs = 128;
  inputs_.shapes = {{64, 20, 4}, {128, 50, 1}};
  const ServingPlan result = plan().value();
  EXPECT_THAT(result.shapes, ElementsAre(Shape{128, 50, 1}, Shape{64, 20, 4}));
  EXPECT_FALSE(result.planned);
  EXPECT_EQ(result.max_model_len, 178);
  EXPECT_EQ(result.max_num_seqs, 4);
  EXPECT_EQ(result.kv_blocks, 4 * 2 + 4);
  EXPECT_EQ(result.summary,
            "static batching: max_model_len 178, max_num_seqs 4, from the given warmup shapes "
            "(prompt, new tokens, batch) (128,50,1), (64,20,4)");
  EXPECT_EQ(result.memory.kv_bytes, 12 * block_bytes());
  EXPECT_TRUE(check_fits(result));
}

TEST_F(StaticPlanTest, ShapesBeyondTheModelAreRefused) {
  const int64_t positions = opened_.checkpoint->config().max_positions;
  inputs_.shapes = {{64, positions - 64, 1}};
  EXPECT_EQ(refusal(), "accepted");
  inputs_.shapes = {{64, positions - 63, 1}};
  EXPECT_THAT(refusal(), AllOf(HasSubstr("VLLM_SPYRE_WARMUP_PROMPT_LENS"),
                               HasSubstr(fmt::format("{} positions", positions)),
                               HasSubstr(fmt::format("found {}", positions + 1))));
}

TEST_F(StaticPlanTest, ShapesThatMakeNoSenseAreRefused) {
  inputs_.shapes = {{63, 20, 1}};
  EXPECT_THAT(refusal(), HasSubstr("VLLM_SPYRE_WARMUP_PROMPT_LENS"));
}

TEST_F(StaticPlanTest, WithoutShapesALadderIsPlanned) {
  inputs_.max_model_len = 256;
  inputs_.max_num_seqs = 3;
  const ServingPlan result = plan().value();
  EXPECT_TRUE(result.planned);
  EXPECT_THAT(result.shapes, ElementsAre(Shape{64, 192, 3}, Shape{128, 128, 3}, Shape{192, 64, 3}));
  EXPECT_EQ(result.max_model_len, 256);
  EXPECT_EQ(result.max_num_seqs, 3);
  EXPECT_EQ(result.kv_blocks, 3 * 5);
  EXPECT_THAT(result.summary, HasSubstr("planned"));
}

TEST_F(StaticPlanTest, ThePlannedBatchIsWhatTheKvCacheMayTake) {
  inputs_.max_model_len = 256;
  inputs_.machine.kv_bytes_allowed = 10 * block_bytes();
  EXPECT_EQ(plan().value().max_num_seqs, 2);
  inputs_.machine.kv_bytes_allowed = 10 * block_bytes() - 1;
  EXPECT_EQ(plan().value().max_num_seqs, 1);
}

TEST_F(StaticPlanTest, ALengthThatNobodyAskedForIsShortenedToMemory) {
  inputs_.max_model_len = 256;
  inputs_.machine.kv_bytes_allowed = 4 * block_bytes();
  EXPECT_EQ(plan().value().max_model_len, 256);
  EXPECT_FALSE(check_fits(plan().value()));
  inputs_.may_shorten = true;
  EXPECT_EQ(plan().value().max_model_len, 3 * 64);
  EXPECT_TRUE(check_fits(plan().value()));
  inputs_.machine.kv_bytes_allowed = 1;
  EXPECT_EQ(plan().value().max_model_len, 128);
}

TEST_F(StaticPlanTest, PlansWithinTheShareThatMayBeTaken) {
  const int64_t weights =
      weight_bytes(*opened_.checkpoint, opened_.precision, inputs_.max_model_len).value();
  const int64_t fixed = fixed_bytes(opened_.checkpoint->config());
  inputs_.max_model_len = 256;
  inputs_.machine.available_bytes = 2 * (weights + fixed + int64_t{30} * block_bytes());
  inputs_.machine.utilization = 0.5;
  EXPECT_EQ(plan().value().max_num_seqs, 3);
  inputs_.machine.utilization = 0.49;
  EXPECT_LT(plan().value().max_num_seqs, 3);
}

TEST_F(StaticPlanTest, ARefusalNamesTheSettingsThatMadeIt) {
  inputs_.machine.available_bytes = 1000;
  EXPECT_THAT(check_fits(plan().value()).error().message, HasSubstr("lower --max-model-len or"));
  inputs_.shapes = {{64, 20, 1}};
  EXPECT_THAT(check_fits(plan().value()).error().message,
              HasSubstr("lower VLLM_SPYRE_WARMUP_BATCH_SIZES"));
}

TEST_F(StaticPlanTest, SharedProgramsAreCountedOnce) {
  inputs_.shapes = {{64, 20, 2}, {128, 20, 2}};
  EXPECT_THAT(text(plan().value().memory), HasSubstr("largest of 2 programs"));
}

}  // namespace
}  // namespace spyre::plan
