// merge-equal: of nodes with the same op, inputs and attributes only the first is computed. Never
// attention, which writes the KV cache.
#include <algorithm>

#include "compile/passes/graph_edits.h"
#include "compile/passes/passes.h"

namespace spyre::compile {

using graph::NodeId;

void merge_equal(Module& module) {
  const graph::Graph& graph = module.graph;
  Rebuild rebuild(graph);
  std::vector<NodeId> kept;
  for (size_t index = 0; index < graph.nodes().size(); ++index) {
    const auto id = static_cast<NodeId>(index);
    graph::Node node = graph.node(id);
    if (!is_computed(node) || node.op == graph::Op::kAttention) {
      rebuild.copy(id);
      continue;
    }
    for (NodeId& input : node.inputs) input = rebuild.now(input);
    const auto same =
        std::ranges::find_if(kept, [&](NodeId earlier) { return rebuild.node(earlier) == node; });
    if (same != kept.end()) {
      rebuild.replace(id, *same);
    } else {
      kept.push_back(rebuild.copy(id));
    }
  }
  module.graph = rebuild.finish();
}

}  // namespace spyre::compile
