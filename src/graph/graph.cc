#include "graph/graph.h"

#include <algorithm>

#include "graph/op_table.h"

namespace spyre::graph {

double Node::real(Attribute attribute) const {
  const auto found = std::ranges::find(attributes, attribute, &AttributeValue::attribute);
  SPYRE_CHECK(found != attributes.end());
  return found->value;
}

int64_t Node::integer(Attribute attribute) const { return static_cast<int64_t>(real(attribute)); }

NodeId Graph::append(Node node) {
  nodes_.push_back(std::move(node));
  return static_cast<NodeId>(nodes_.size() - 1);
}

Result<Type> infer_type(const Graph& graph, const Node& node) {
  const OpInfo& op = info(node.op);
  const auto count = static_cast<int>(node.inputs.size());
  if (count < op.min_inputs || count > op.max_inputs) {
    return error(Code::kInvalidArgument, "wanted {} to {} inputs, found {}", op.min_inputs,
                 op.max_inputs, count);
  }
  uint32_t seen = 0;
  for (const AttributeValue& each : node.attributes) {
    if (seen & bit(each.attribute)) {
      return error(Code::kInvalidArgument, "attribute {} given twice", info(each.attribute).text);
    }
    seen |= bit(each.attribute);
  }
  for (int i = 0; i < kNumAttributes; ++i) {
    const auto attribute = static_cast<Attribute>(i);
    if ((seen & bit(attribute)) == (op.attributes & bit(attribute))) continue;
    return error(Code::kInvalidArgument, "attribute {} is {}", info(attribute).text,
                 seen & bit(attribute) ? "not one of this op" : "missing");
  }
  std::vector<const Type*> inputs;
  for (const NodeId input : node.inputs) {
    if (input < 0 || static_cast<size_t>(input) >= graph.nodes().size()) {
      return error(Code::kInvalidArgument, "input %{} does not come before its use", input);
    }
    inputs.push_back(&graph.node(input).type);
  }
  return op.rule(node, inputs);
}

Status verify(const Graph& graph) {
  Graph before;  // the nodes up to the one looked at: a use before its definition is then out of
                 // range
  for (const Node& node : graph.nodes()) {
    const size_t id = before.nodes().size();
    const auto fail = [&](std::string_view why) {
      return error(Code::kInvalidArgument, "%{} = {}: {}", id, info(node.op).text, why);
    };
    if (static_cast<size_t>(node.op) >= op_table().size()) {
      return error(Code::kInvalidArgument, "%{}: unknown op {}", id, static_cast<int>(node.op));
    }
    const auto type = infer_type(before, node);
    if (!type) return fail(type.error().message);
    if (*type != node.type) return fail("its type is not what its inputs give");
    before.append(node);
  }
  for (const NodeId output : graph.outputs()) {
    if (output < 0 || static_cast<size_t>(output) >= graph.nodes().size()) {
      return error(Code::kInvalidArgument, "output %{} does not exist", output);
    }
  }
  if (graph.outputs().empty()) return error(Code::kInvalidArgument, "the graph has no outputs");
  return {};
}

}  // namespace spyre::graph
