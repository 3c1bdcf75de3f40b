#include "compile/passes/graph_edits.h"

namespace spyre::compile {

using graph::NodeId;

NodeId Rebuild::copy(NodeId id) {
  graph::Node node = from_.node(id);
  for (NodeId& input : node.inputs) input = now(input);
  const NodeId copied = graph_.append(std::move(node));
  replace(id, copied);
  return copied;
}

graph::Graph Rebuild::finish() {
  std::vector<NodeId> outputs;
  for (const NodeId output : from_.outputs()) outputs.push_back(now(output));
  graph_.set_outputs(std::move(outputs));
  return std::move(graph_);
}

}  // namespace spyre::compile
