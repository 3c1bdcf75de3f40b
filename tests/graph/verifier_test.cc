// What only a graph in memory can have wrong: parse() never makes these.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "graph/sample_graph.h"

namespace spyre::graph {
namespace {

using ::testing::StartsWith;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// The sample graph with one node changed.
Graph changed(NodeId id, const std::function<void(Node&)>& change) {
  const Graph sound = testing::every_op();
  Graph graph;
  for (size_t i = 0; i < sound.nodes().size(); ++i) {
    Node node = sound.nodes()[i];
    if (static_cast<NodeId>(i) == id) change(node);
    graph.append(std::move(node));
  }
  graph.set_outputs({sound.outputs().begin(), sound.outputs().end()});
  return graph;
}

NodeId first_of(Op op) {
  const Graph graph = testing::every_op();
  NodeId id = 0;
  while (graph.node(id).op != op) ++id;
  return id;
}

void expect_fault(Op op, const std::function<void(Node&)>& change, std::string_view message) {
  const NodeId id = first_of(op);
  const Status status = verify(changed(id, change));
  ASSERT_FALSE(status) << message;
  EXPECT_EQ(status.error().code, Code::kInvalidArgument);
  EXPECT_THAT(status.error().message, StartsWith(fmt::format("%{}{}", id, message)));
}

TEST(Verifier, AcceptsTheSampleGraph) { EXPECT_TRUE(verify(testing::every_op())); }

TEST(Verifier, NamesTheFirstBadNode) {
  expect_fault(Op::kMatmul, [](Node& n) { n.op = static_cast<Op>(200); }, ": unknown op 200");
  expect_fault(
      Op::kMatmul, [](Node& n) { n.inputs.pop_back(), n.inputs.pop_back(); },
      " = matmul: wanted 2 to 3 inputs, found 1");
  expect_fault(
      Op::kMatmul, [](Node& n) { n.inputs[0] = 4000; },
      " = matmul: input %4000 does not come before its use");
  expect_fault(
      Op::kMatmul, [](Node& n) { n.inputs[0] = first_of(Op::kMatmul); },
      fmt::format(" = matmul: input %{} does not come", first_of(Op::kMatmul)));
  expect_fault(
      Op::kMatmul, [](Node& n) { n.inputs[0] = -1; }, " = matmul: input %-1 does not come before");
  expect_fault(
      Op::kMatmul, [](Node& n) { n.type.dims[1] = 99; },
      " = matmul: its inputs give f32[4, 16], its type is f32[4, 99]");
}

TEST(Verifier, HoldsAttributesToTheTable) {
  expect_fault(
      Op::kRope, [](Node& n) { n.attributes.pop_back(); }, " = rope: attribute factor is missing");
  expect_fault(
      Op::kRope, [](Node& n) { n.attributes.push_back({Attribute::kTopK, 1}); },
      " = rope: attribute top_k is not one of this op");
  expect_fault(
      Op::kRope, [](Node& n) { n.attributes.push_back(n.attributes[0]); },
      " = rope: attribute head_dim given twice");
  expect_fault(
      Op::kRope, [](Node& n) { n.attributes[1].value = kNan; },
      " = rope: factor: wanted a finite f32, found nan");
  expect_fault(
      Op::kRope, [](Node& n) { n.attributes[1].value = 1e39; },
      " = rope: factor: wanted a finite f32, found 1e+39");
  expect_fault(
      Op::kRope, [](Node& n) { n.attributes[0].attribute = static_cast<Attribute>(77); },
      " = rope: unknown attribute 77");
}

TEST(Verifier, HoldsNamesAndValuesToLeaves) {
  expect_fault(
      Op::kSilu, [](Node& n) { n.name = "a"; },
      " = silu: only inputs, weights and constants have names, found 'a'");
  expect_fault(Op::kSilu, [](Node& n) { n.values = {1}; }, " = silu: only constants have values");
  expect_fault(Op::kWeight, [](Node& n) { n.name = ""; }, " = weight: wanted a name without");
  expect_fault(Op::kWeight, [](Node& n) { n.name = "a\"b"; }, " = weight: wanted a name without");
  expect_fault(Op::kWeight, [](Node& n) { n.name = "a\nb"; }, " = weight: wanted a name without");
  expect_fault(
      Op::kWeight, [](Node& n) { n.name = "positions"; },
      " = weight: the name 'positions' is taken by an earlier node");
  expect_fault(
      Op::kConstant, [](Node& n) { n.values[1] = static_cast<float>(kNan); },
      " = constant: its value nan is not finite");
}

TEST(Verifier, OutputsAreResults) {
  Graph graph = testing::every_op();
  graph.set_outputs({});
  EXPECT_EQ(verify(graph).error().message, "the graph has no outputs");
  graph.set_outputs({-1});
  EXPECT_EQ(verify(graph).error().message, "output %-1 does not exist");
  graph.set_outputs({12345});
  EXPECT_EQ(verify(graph).error().message, "output %12345 does not exist");
  graph.set_outputs({0});
  EXPECT_EQ(verify(graph).error().message, "output %0: wanted a result, found op input");
}

TEST(Verifier, InferTypeAloneRefusesWhatIsNotInTheGraph) {
  Node node;
  node.op = Op::kSilu;
  node.inputs = {0};
  EXPECT_EQ(infer_type(Graph(), node).error().message, "input %0 does not come before its use");
}

}  // namespace
}  // namespace spyre::graph
