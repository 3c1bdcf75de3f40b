// One node a line, what parse() reads back:
//   %0 = input "tokens" : i32[4]
//   %2 = embed(%1, %0) : f32[4, 576]
//   %5 = rms_norm(%2, %4) {eps=0x1.4f8b58p-17, offset=0} : f32[4, 576]
//   %7 = constant "rope.frequencies" {0x1p+0, 0x1.6p-1} : f32[2]
//   return %9
// Reals are hexadecimal where decimal would not be exact, so that a graph survives printing bit for
// bit.
#include <charconv>
#include <cmath>

#include "graph/graph.h"
#include "graph/op_table.h"

namespace spyre::graph {

namespace {

std::string number(double value) {
  constexpr double kExact = 1 << 24;
  if (value == std::floor(value) && std::abs(value) < kExact && !std::signbit(value)) {
    return fmt::format("{}", static_cast<int64_t>(value));
  }
  return fmt::format("{:a}", value);
}

std::string body(const Node& node) {
  if (node.op == Op::kConstant) {
    std::vector<std::string> values;
    for (const float each : node.values) values.push_back(number(each));
    return fmt::format(" \"{}\" {{{}}}", node.name, fmt::join(values, ", "));
  }
  if (info(node.op).max_inputs == 0) return fmt::format(" \"{}\"", node.name);
  std::vector<std::string> inputs;
  for (const NodeId id : node.inputs) inputs.push_back(fmt::format("%{}", id));
  std::vector<std::string> attributes;
  for (const AttributeValue& each : node.attributes) {
    attributes.push_back(fmt::format("{}={}", info(each.attribute).text, number(each.value)));
  }
  if (attributes.empty()) return fmt::format("({})", fmt::join(inputs, ", "));
  return fmt::format("({}) {{{}}}", fmt::join(inputs, ", "), fmt::join(attributes, ", "));
}

}  // namespace

std::string print(const Graph& graph) {
  std::string text;
  for (size_t id = 0; id < graph.nodes().size(); ++id) {
    const Node& node = graph.nodes()[id];
    text += fmt::format("%{} = {}{} : {}[{}]\n", id, info(node.op).text, body(node),
                        node.type.dtype == DType::kF32 ? "f32" : "i32",
                        fmt::join(node.type.dims, ", "));
  }
  std::vector<std::string> outputs;
  for (const NodeId id : graph.outputs()) outputs.push_back(fmt::format("%{}", id));
  return text + fmt::format("return {}\n", fmt::join(outputs, ", "));
}

}  // namespace spyre::graph
