// Who runs together, and in which shape: one decision at a time.
#include "schedule/batch_forming.h"

#include <gtest/gtest.h>

namespace spyre::schedule {
namespace {

const std::vector<Shape> kTwoShapes = {{4096, 1024, 1}, {1024, 256, 4}};

std::vector<RequestId> ids(const auto& demands) {
  std::vector<RequestId> result;
  for (const Demand& demand : demands) result.push_back(demand.id);
  return result;
}

using Ids = std::vector<RequestId>;

TEST(BatchForming, TheFirstRequestDecidesWhichShapesRemain) {
  std::deque<Demand> queue = {{0, 3000, 10}, {1, 10, 10}};
  const Batch batch = take_batch(queue, kTwoShapes, ShapeChoice::kOrder);
  EXPECT_EQ(ids(batch.requests), Ids{0});
  EXPECT_EQ(batch.shape, kTwoShapes[0]);
  EXPECT_EQ(ids(queue), Ids{1});
}

TEST(BatchForming, SkippedRequestsGoBeforeThoseThatWereNotLookedAt) {
  std::deque<Demand> queue = {{0, 10, 10}, {1, 3000, 10}, {2, 10, 10},
                              {3, 10, 10}, {4, 10, 10},   {5, 10, 10}};
  const Batch batch = take_batch(queue, kTwoShapes, ShapeChoice::kOrder);
  EXPECT_EQ(ids(batch.requests), (Ids{0, 2, 3, 4}));
  EXPECT_EQ(ids(queue), (Ids{1, 5}));
}

TEST(BatchForming, ARequestTakesARowForEachSequence) {
  std::deque<Demand> queue = {{0, 10, 10, 2}, {1, 10, 10, 3}, {2, 10, 10, 2}, {3, 10, 10, 1}};
  const Batch batch = take_batch(queue, kTwoShapes, ShapeChoice::kOrder);
  EXPECT_EQ(ids(batch.requests), (Ids{0, 2}));
  EXPECT_EQ(batch.rows(), 4);
  EXPECT_EQ(ids(queue), (Ids{1, 3}));
}

TEST(BatchForming, ABatchThatOutgrowsAShapeLeavesIt) {
  const std::vector<Shape> shapes = {{64, 20, 1}, {64, 20, 2}, {128, 20, 2}, {64, 20, 4}};
  std::deque<Demand> queue = {{0, 64, 20}, {1, 64, 20}};
  EXPECT_EQ(take_batch(queue, shapes, ShapeChoice::kOrder).shape, (Shape{64, 20, 2}));
  queue = {{0, 64, 20}, {1, 64, 20}, {2, 64, 20}};
  EXPECT_EQ(take_batch(queue, shapes, ShapeChoice::kOrder).shape, (Shape{64, 20, 4}));
  queue = {{0, 64, 20}, {1, 128, 20}, {2, 64, 20}};
  EXPECT_EQ(take_batch(queue, shapes, ShapeChoice::kOrder).shape, (Shape{128, 20, 2}));
  EXPECT_EQ(ids(queue), Ids{2});
}

TEST(BatchForming, LeastWorkPadsLess) {
  std::deque<Demand> queue = {{6, 20, 20}};
  std::deque<Demand> same = queue;
  EXPECT_EQ(take_batch(queue, kTwoShapes, ShapeChoice::kOrder).shape, kTwoShapes[0]);
  // 1 * (4096 + 20) against 4 * (1024 + 20) positions: the order was the cheaper one after all.
  EXPECT_EQ(take_batch(same, kTwoShapes, ShapeChoice::kLeastWork).shape, kTwoShapes[0]);

  const std::vector<Shape> narrow = {{4096, 1024, 1}, {64, 64, 4}};
  queue = same = {{6, 20, 20}};
  EXPECT_EQ(take_batch(queue, narrow, ShapeChoice::kOrder).shape, narrow[0]);
  EXPECT_EQ(take_batch(same, narrow, ShapeChoice::kLeastWork).shape, narrow[1]);
}

TEST(BatchForming, PaddedWorkCountsPromptsAndAnswersOfEveryRow) {
  EXPECT_EQ(padded_work({1024, 256, 4}, 20), 4 * 1044);
  EXPECT_EQ(padded_work({64, 256, 1}, 0), 64);
}

}  // namespace
}  // namespace spyre::schedule
