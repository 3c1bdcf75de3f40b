#include "graph/builder.h"

#include <gtest/gtest.h>

#include "graph/sample_graph.h"

namespace spyre::graph {
namespace {

TEST(Builder, InfersTypes) {
  Builder b;
  const NodeId x = b.embed(b.weight("table", {11, 8}), b.input("tokens", DType::kI32, {4}));
  EXPECT_EQ(b.type(x), (Type{DType::kF32, {4, 8}}));
  const NodeId y = b.matmul(x, b.weight("w", {5, 8}));
  EXPECT_EQ(b.type(y), (Type{DType::kF32, {4, 5}}));
}

TEST(Builder, AddsALeafOncePerName) {
  Builder b;
  const NodeId table = b.weight("table", {11, 8});
  EXPECT_EQ(b.weight("table", {11, 8}), table);
  EXPECT_EQ(b.constant("c", {1, 2}), b.constant("c", {1, 2}));
}

TEST(Builder, ScaleByOneIsNoNode) {
  Builder b;
  const NodeId x = b.embed(b.weight("table", {11, 8}), b.input("tokens", DType::kI32, {4}));
  EXPECT_EQ(b.scale(x, 1.0f), x);
  EXPECT_NE(b.scale(x, 2.0f), x);
}

TEST(Builder, FinishVerifiesAndEmptiesTheBuilder) {
  Builder b;
  const NodeId x = b.embed(b.weight("table", {11, 8}), b.input("tokens", DType::kI32, {4}));
  const Graph graph = b.finish({x});
  EXPECT_TRUE(verify(graph));
  EXPECT_EQ(graph.nodes().size(), 3u);
  EXPECT_EQ(b.weight("table", {2, 2}), 0);
}

TEST(Builder, KeepsAttributesAsGiven) {
  const Graph graph = testing::every_op();
  for (const Node& node : graph.nodes()) {
    if (node.op != Op::kAttention) continue;
    EXPECT_EQ(node.integer(Attribute::kLayer), 3);
    EXPECT_EQ(node.integer(Attribute::kWindow), 7);
    EXPECT_EQ(static_cast<float>(node.real(Attribute::kScale)), 0.3f);
    EXPECT_EQ(node.real(Attribute::kSoftcap), 0.0);
  }
}

TEST(BuilderDeathTest, OurOwnMistakesStopTheProgram) {
  Builder b;
  const NodeId x = b.embed(b.weight("table", {11, 8}), b.input("tokens", DType::kI32, {4}));
  EXPECT_DEATH(b.matmul(x, b.weight("w", {5, 7})), "weight: wanted f32\\[-1, 8\\]");
  EXPECT_DEATH(b.weight("table", {11, 9}), "check failed|type");
  EXPECT_DEATH(b.constant("table", {1}), "check failed|op");
  EXPECT_DEATH(b.finish({}), "no outputs");
}

}  // namespace
}  // namespace spyre::graph
