// Values of nodes as lifetimes in the order in which nodes run. An elementwise op takes over the
// place of an input that dies with it; of any other op inputs and result are alive together, so
// none runs in place by accident.
#include "backend/eager/arena_plan.h"

#include <algorithm>

#include "compile/memory_plan.h"

namespace spyre::backend {

namespace {

// Ops whose kernels may write where they read.
bool runs_in_place(graph::Op op) {
  switch (op) {
    case graph::Op::kSilu:
    case graph::Op::kGelu:
    case graph::Op::kGeluTanh:
    case graph::Op::kRelu:
    case graph::Op::kTanh:
    case graph::Op::kScale:
    case graph::Op::kAdd:
    case graph::Op::kMul:
      return true;
    default:
      return false;
  }
}

// Per node: the last that reads it; the number of nodes when the caller does.
std::vector<int64_t> last_uses(const graph::Graph& graph) {
  const auto nodes = graph.nodes();
  std::vector<int64_t> last(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    last[i] = static_cast<int64_t>(i);
    for (const graph::NodeId input : nodes[i].inputs) {
      last[static_cast<size_t>(input)] = static_cast<int64_t>(i);
    }
  }
  for (const graph::NodeId output : graph.outputs()) {
    last[static_cast<size_t>(output)] = std::ssize(nodes);
  }
  return last;
}

}  // namespace

ArenaPlan plan_arena(const graph::Graph& graph) {
  const auto nodes = graph.nodes();
  const std::vector<int64_t> last = last_uses(graph);
  std::vector<compile::Lifetime> values;
  std::vector<int64_t> value_of(nodes.size(), -1);
  // Inputs of an elementwise op are as large as its result.
  const auto taken_over = [&](int64_t at, const graph::Node& node) -> int64_t {
    if (!runs_in_place(node.op)) return -1;
    for (const graph::NodeId input : node.inputs) {
      const int64_t value = value_of[static_cast<size_t>(input)];
      if (value >= 0 && values[static_cast<size_t>(value)].last == at) return value;
    }
    return -1;
  };
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (!is_computed(nodes[i])) continue;
    const auto at = static_cast<int64_t>(i);
    value_of[i] = taken_over(at, nodes[i]);
    if (value_of[i] >= 0) {
      values[static_cast<size_t>(value_of[i])].last = last[i];
    } else {
      value_of[i] = std::ssize(values);
      values.push_back({.elements = elements_of(nodes[i]), .first = at, .last = last[i]});
    }
  }

  const compile::MemoryPlan placed = compile::plan_memory(values);
  ArenaPlan plan{.offsets = std::vector<int64_t>(nodes.size(), -1), .elements = placed.elements};
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (value_of[i] >= 0) plan.offsets[i] = placed.offsets[static_cast<size_t>(value_of[i])];
  }
  return plan;
}

}  // namespace spyre::backend
