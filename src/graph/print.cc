// One node a line, what parse() reads back:
//   %0 = input "tokens" : i32[4]
//   %2 = embed(%1, %0) : f32[4, 576]
//   %5 = rms_norm(%2, %4) {eps=9.999999747378752e-06, offset=0} : f32[4, 576]
//   %7 = constant "rope.frequencies" {1, 0.1} : f32[2]
//   return %9
// It prints graphs that verify() rejects too: that is when one wants to see them.
#include "graph/graph.h"
#include "graph/op_table.h"

namespace spyre::graph {

namespace {

std::string text_of(const AttributeValue& each) {
  const bool names_op = each.attribute == Attribute::kActivation && each.value >= 0 &&
                        each.value < static_cast<double>(op_table().size());
  if (names_op) {
    return fmt::format("{}={}", name(each.attribute), info(static_cast<Op>(each.value)).text);
  }
  return fmt::format("{}={}", name(each.attribute), each.value);
}

std::string node_ids(std::span<const NodeId> ids) {
  std::vector<std::string> texts;
  for (const NodeId id : ids) texts.push_back(fmt::format("%{}", id));
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string body(const Node& node) {
  if (node.op == Op::kConstant) {
    return fmt::format(" \"{}\" {{{}}}", node.name, fmt::join(node.values, ", "));
  }
  if (info(node.op).is_leaf()) return fmt::format(" \"{}\"", node.name);
  if (node.attributes.empty()) return fmt::format("({})", node_ids(node.inputs));
  std::vector<std::string> attributes;
  attributes.reserve(node.attributes.size());
  for (const AttributeValue& each : node.attributes) attributes.push_back(text_of(each));
  return fmt::format("({}) {{{}}}", node_ids(node.inputs), fmt::join(attributes, ", "));
}

}  // namespace

std::string print(const Type& type) {
  return fmt::format("{}[{}]", type.dtype == DType::kF32 ? "f32" : "i32",
                     fmt::join(type.dims, ", "));
}

std::string print(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  return fmt::format("%{} = {}{} : {}\n", id, info(node.op).text, body(node), print(node.type));
}

std::string print(const Graph& graph) {
  std::string text;
  for (size_t id = 0; id < graph.nodes().size(); ++id) {
    text += print(graph, static_cast<NodeId>(id));
  }
  return text + fmt::format("return {}\n", node_ids(graph.outputs()));
}

}  // namespace spyre::graph
