#include "graph/verifier.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/op_table.h"

namespace spyre::graph {

namespace {

// Bounds every dimension and every tensor, so that products of sizes never overflow.
constexpr int64_t kMaxElements = int64_t{1} << 44;

Status check_size(const Type& type) {
  int64_t elements = 1;
  for (const int64_t dim : type.dims) {
    if (dim < 1 || dim > kMaxElements / elements) {
      return error(Code::kInvalidArgument, "dimension {} is out of range in {}", dim, print(type));
    }
    elements *= dim;
  }
  return {};
}

Status check_attributes(const OpInfo& op, const Node& node) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  uint32_t seen = 0;
  for (const auto& [attribute, value] : node.attributes) {
    if (static_cast<int>(attribute) >= kNumAttributes) {
      return error(Code::kInvalidArgument, "unknown attribute {}", static_cast<int>(attribute));
    }
    if (seen & bit(attribute)) {
      return error(Code::kInvalidArgument, "attribute {} given twice", name(attribute));
    }
    if (!(std::abs(value) <= kLargest)) {
      return error(Code::kInvalidArgument, "{}: wanted a finite f32, found {}", name(attribute),
                   value);
    }
    seen |= bit(attribute);
  }
  for (int i = 0; i < kNumAttributes; ++i) {
    const auto attribute = static_cast<Attribute>(i);
    if ((seen & bit(attribute)) == (op.attributes & bit(attribute))) continue;
    return error(Code::kInvalidArgument, "attribute {} is {}", name(attribute),
                 seen & bit(attribute) ? "not one of this op" : "missing");
  }
  return {};
}

Result<Type> infer(std::span<const Node> before, const Node& node) {
  const OpInfo& op = info(node.op);
  const auto count = static_cast<int>(node.inputs.size());
  if (count < op.min_inputs || count > op.max_inputs) {
    return error(Code::kInvalidArgument, "wanted {} to {} inputs, found {}", op.min_inputs,
                 op.max_inputs, count);
  }
  SPYRE_TRY(check_attributes(op, node));
  std::vector<const Node*> inputs;
  for (const NodeId input : node.inputs) {
    if (input < 0 || static_cast<size_t>(input) >= before.size()) {
      return error(Code::kInvalidArgument, "input %{} does not come before its use", input);
    }
    inputs.push_back(&before[static_cast<size_t>(input)]);
  }
  SPYRE_TRY_ASSIGN(Type type, op.rule(node, inputs));
  SPYRE_TRY(check_size(type));
  return type;
}

Status check_type(std::span<const Node> before, const Node& node) {
  SPYRE_TRY_ASSIGN(const Type type, infer(before, node));
  if (type == node.type) return {};
  return error(Code::kInvalidArgument, "its inputs give {}, its type is {}", print(type),
               print(node.type));
}

Status check_values(const Node& node) {
  if (node.op != Op::kConstant && !node.values.empty()) {
    return error(Code::kInvalidArgument, "only constants have values");
  }
  for (const float value : node.values) {
    if (!std::isfinite(value))
      return error(Code::kInvalidArgument, "its value {} is not finite", value);
  }
  return {};
}

}  // namespace

Result<Type> infer_type(const Graph& graph, const Node& node) { return infer(graph.nodes(), node); }

// A name stands between quotes on one line of the printed graph.
Status Verifier::check_name(const Node& node) {
  if (!info(node.op).is_leaf()) {
    if (node.name.empty()) return {};
    return error(Code::kInvalidArgument,
                 "only inputs, weights and constants have names, found '{}'", node.name);
  }
  const auto fits = [](char c) { return c != '"' && (c < 0 || c >= ' '); };
  if (node.name.empty() || !std::ranges::all_of(node.name, fits)) {
    return error(Code::kInvalidArgument, "wanted a name without quotes and control characters");
  }
  if (!names_.insert(node.name).second) {
    return error(Code::kInvalidArgument, "the name '{}' is taken by an earlier node", node.name);
  }
  return {};
}

Status Verifier::check_node(std::span<const Node> before, const Node& node) {
  SPYRE_TRY(check_name(node));
  SPYRE_TRY(check_values(node));
  return check_type(before, node);
}

Status Verifier::check(std::span<const Node> before, const Node& node) {
  const size_t id = before.size();
  if (static_cast<size_t>(node.op) >= op_table().size()) {
    return error(Code::kInvalidArgument, "%{}: unknown op {}", id, static_cast<int>(node.op));
  }
  const Status sound = check_node(before, node);
  if (sound) return {};
  return error(Code::kInvalidArgument, "%{} = {}: {}", id, info(node.op).text,
               sound.error().message);
}

Status check_outputs(const Graph& graph) {
  if (graph.outputs().empty()) return error(Code::kInvalidArgument, "the graph has no outputs");
  for (const NodeId output : graph.outputs()) {
    if (output < 0 || static_cast<size_t>(output) >= graph.nodes().size()) {
      return error(Code::kInvalidArgument, "output %{} does not exist", output);
    }
    const OpInfo& op = info(graph.node(output).op);
    if (op.is_leaf()) {
      return error(Code::kInvalidArgument, "output %{}: wanted a result, found op {}", output,
                   op.text);
    }
  }
  return {};
}

Status verify(const Graph& graph) {
  Verifier verifier;
  for (size_t id = 0; id < graph.nodes().size(); ++id) {
    SPYRE_TRY(verifier.check(graph.nodes().first(id), graph.nodes()[id]));
  }
  return check_outputs(graph);
}

}  // namespace spyre::graph
