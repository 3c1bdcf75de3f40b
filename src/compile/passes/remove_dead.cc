// remove-dead: leaves out what no output needs. Attention stays: it writes the KV cache.
#include "compile/passes/graph_edits.h"
#include "compile/passes/passes.h"

namespace spyre::compile {

using graph::NodeId;

void remove_dead(Module& module) {
  const graph::Graph& graph = module.graph;
  std::vector<bool> needed(graph.nodes().size());
  for (const NodeId output : graph.outputs()) needed[static_cast<size_t>(output)] = true;
  for (size_t id = needed.size(); id-- > 0;) {
    if (graph.nodes()[id].op == graph::Op::kAttention) needed[id] = true;
    if (!needed[id]) continue;
    for (const NodeId input : graph.nodes()[id].inputs) needed[static_cast<size_t>(input)] = true;
  }
  Rebuild rebuild(graph);
  for (size_t id = 0; id < needed.size(); ++id) {
    // Inputs stay: they are the graph's signature.
    if (needed[id] || graph.nodes()[id].op == graph::Op::kInput) {
      rebuild.copy(static_cast<NodeId>(id));
    }
  }
  module.graph = rebuild.finish();
}

}  // namespace spyre::compile
