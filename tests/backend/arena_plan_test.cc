#include "backend/eager/arena_plan.h"

#include <gtest/gtest.h>

#include "graph/builder.h"

namespace spyre::backend {
namespace {

using graph::Graph;
using graph::NodeId;
using graph::Op;
using graph::parse;

bool elementwise(Op op) { return op == Op::kSilu || op == Op::kAdd || op == Op::kMul; }

// Every pair of values that are alive at the same time must not share elements.
void expect_no_overlap(const Graph& graph, const ArenaPlan& plan) {
  const auto nodes = graph.nodes();
  std::vector<size_t> last(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    last[i] = i;
    for (const NodeId input : nodes[i].inputs) last[static_cast<size_t>(input)] = i;
  }
  for (const NodeId output : graph.outputs()) last[static_cast<size_t>(output)] = nodes.size();
  const auto elements = [&](size_t i) {
    int64_t count = 1;
    for (const int64_t dim : nodes[i].type.dims) count *= dim;
    return count;
  };
  for (size_t a = 0; a < nodes.size(); ++a) {
    if (plan.offsets[a] < 0) continue;
    EXPECT_EQ(plan.offsets[a] % 16, 0);
    EXPECT_LE(plan.offsets[a] + elements(a), plan.elements);
    for (size_t b = a + 1; b <= last[a] && b < nodes.size(); ++b) {
      if (plan.offsets[b] < 0) continue;
      // An elementwise op may take the place of an input that dies with it.
      if (b == last[a] && plan.offsets[a] == plan.offsets[b] && elementwise(nodes[b].op)) continue;
      const bool apart = plan.offsets[a] + elements(a) <= plan.offsets[b] ||
                         plan.offsets[b] + elements(b) <= plan.offsets[a];
      EXPECT_TRUE(apart) << "nodes " << a << " and " << b;
    }
  }
}

Graph chain(int length) {
  graph::Builder b;
  NodeId x = b.embed(b.weight("table", {7, 20}), b.input("tokens", graph::DType::kI32, {3}));
  for (int i = 0; i < length; ++i) x = b.add(b.activation(graph::Op::kSilu, x), x);
  return b.finish({x});
}

TEST(ArenaPlan, ValuesThatLiveTogetherDoNotOverlap) {
  const Graph graph = chain(5);
  expect_no_overlap(graph, plan_arena(graph));
}

TEST(ArenaPlan, ALongChainNeedsNoMoreThanAShortOne) {
  EXPECT_EQ(plan_arena(chain(3)).elements, plan_arena(chain(40)).elements);
}

TEST(ArenaPlan, WeightsAndInputsAreElsewhere) {
  const Graph graph = chain(1);
  const ArenaPlan plan = plan_arena(graph);
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const Op op = graph.nodes()[i].op;
    EXPECT_EQ(plan.offsets[i] < 0, op == Op::kWeight || op == Op::kInput);
  }
}

}  // namespace
}  // namespace spyre::backend
