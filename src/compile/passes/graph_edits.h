// Rebuilding a graph node by node, for passes that leave nodes out, merge or add them.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace spyre::compile {

class Rebuild {
 public:
  explicit Rebuild(const graph::Graph& from)
      : from_(from), to_(from.nodes().size(), graph::NodeId{-1}) {}

  // Copies a node with its inputs as they are now; its new number.
  graph::NodeId copy(graph::NodeId id);
  graph::NodeId append(graph::Node node) { return graph_.append(std::move(node)); }
  // From here on the old node is this new one.
  void replace(graph::NodeId id, graph::NodeId with) { to_[static_cast<size_t>(id)] = with; }
  graph::NodeId now(graph::NodeId id) const { return to_[static_cast<size_t>(id)]; }
  const graph::Node& node(graph::NodeId now) const { return graph_.node(now); }

  graph::Graph finish();

 private:
  const graph::Graph& from_;
  graph::Graph graph_;
  std::vector<graph::NodeId> to_;
};

}  // namespace spyre::compile
