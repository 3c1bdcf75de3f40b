// Planned shapes: rungs, batch sizes, and models too short for rungs.
#include "plan/shape_ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spyre::plan {
namespace {

using schedule::Shape;
using ::testing::ElementsAre;

std::vector<Shape> rungs(int64_t max_model_len) {
  return shape_ladder({.max_model_len = max_model_len,
                       .max_num_seqs = 2,
                       .kv_block_bytes = 1,
                       .kv_budget_bytes = 1 << 30});
}

TEST(ShapeLadder, SharesTheLengthInFourWays) {
  EXPECT_THAT(rungs(2048), ElementsAre(Shape{512, 1536, 2}, Shape{1024, 1024, 2},
                                       Shape{1536, 512, 2}, Shape{1984, 64, 2}));
}

TEST(ShapeLadder, UnevenLengthsAreRoundedDown) {
  EXPECT_THAT(rungs(1000), ElementsAre(Shape{192, 808, 2}, Shape{448, 552, 2}, Shape{704, 296, 2},
                                       Shape{896, 104, 2}));
}

TEST(ShapeLadder, ShortModelsHaveFewerRungs) {
  EXPECT_THAT(rungs(256), ElementsAre(Shape{64, 192, 2}, Shape{128, 128, 2}, Shape{192, 64, 2}));
  EXPECT_THAT(rungs(192), ElementsAre(Shape{64, 128, 2}, Shape{128, 64, 2}));
  EXPECT_THAT(rungs(128), ElementsAre(Shape{64, 64, 2}));
  EXPECT_THAT(rungs(100), ElementsAre(Shape{64, 36, 2}));
  EXPECT_THAT(rungs(65), ElementsAre(Shape{64, 1, 2}));
}

TEST(ShapeLadder, TinyModelsHaveOneShapeForAll) {
  EXPECT_THAT(rungs(64), ElementsAre(Shape{64, 63, 2}));
  EXPECT_THAT(rungs(2), ElementsAre(Shape{64, 1, 2}));
  EXPECT_THAT(rungs(1), ElementsAre(Shape{64, 1, 2}));
}

TEST(ShapeLadder, ShapesAreAlwaysGood) {
  for (int64_t tokens = 1; tokens < 5000; ++tokens) {
    const auto shapes = rungs(tokens);
    ASSERT_FALSE(shapes.empty());
    for (const Shape& shape : shapes) {
      EXPECT_EQ(shape.prompt_tokens % 64, 0) << tokens;
      EXPECT_GE(shape.prompt_tokens, 64) << tokens;
      EXPECT_GE(shape.new_tokens, 1) << tokens;
      if (tokens > 64) {
        EXPECT_EQ(shape.total_tokens(), tokens);
      }
    }
  }
}

int64_t batch_size(std::optional<int64_t> wanted, int64_t budget_blocks) {
  const auto shapes = shape_ladder({.max_model_len = 640,
                                    .max_num_seqs = wanted,
                                    .kv_block_bytes = 100,
                                    .kv_budget_bytes = budget_blocks * 100});
  for (const Shape& shape : shapes) EXPECT_EQ(shape.batch_size, shapes[0].batch_size);
  return shapes[0].batch_size;
}

TEST(ShapeLadder, BatchesAreAsLargeAsMemoryAndUserAllow) {
  // 10 blocks a sequence and one for forks.
  EXPECT_EQ(batch_size({}, 1'000'000), kMostUnasked);
  EXPECT_EQ(batch_size(200, 1'000'000), 200);
  EXPECT_EQ(batch_size(200, 55), 5);
  EXPECT_EQ(batch_size(200, 54), 4);
  EXPECT_EQ(batch_size({}, 3), 1);
  EXPECT_EQ(batch_size(8, 0), 1);
}

TEST(ShapeLadder, KvBlocksLeaveOneASequenceForForks) {
  EXPECT_EQ(kv_blocks({64, 20, 4}), 4 * 2 + 4);
}

}  // namespace
}  // namespace spyre::plan
