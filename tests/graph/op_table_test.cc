#include "graph/op_table.h"

#include <gtest/gtest.h>

#include <set>

#include "graph/sample_graph.h"

namespace spyre::graph {
namespace {

TEST(OpTable, NamesLeadBackToTheirOps) {
  for (size_t i = 0; i < op_table().size(); ++i) {
    EXPECT_EQ(op_named(op_table()[i].text), static_cast<Op>(i));
  }
  EXPECT_EQ(op_named("gather"), std::nullopt);
}

TEST(OpTable, NamesLeadBackToTheirAttributes) {
  for (int i = 0; i < kNumAttributes; ++i) {
    const auto attribute = static_cast<Attribute>(i);
    EXPECT_EQ(attribute_named(name(attribute)), attribute);
  }
  EXPECT_EQ(attribute_named("epsilon"), std::nullopt);
}

TEST(OpTable, TheSampleGraphHasEveryOp) {
  const Graph graph = testing::every_op();
  std::set<Op> seen;
  for (const Node& node : graph.nodes()) seen.insert(node.op);
  EXPECT_EQ(seen.size(), op_table().size());
}

}  // namespace
}  // namespace spyre::graph
