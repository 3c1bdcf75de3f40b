// gather-early: when only some rows of the last layer are sampled, the others need not go through
// its last matmuls. A node whose rows do not see each other gives the same bits for a row whether
// or not others are there, so gather_rows moves up through such nodes to where rows last met.
#include <map>

#include "compile/passes/graph_edits.h"
#include "compile/passes/passes.h"
#include "compile/passes/region_edits.h"

namespace spyre::compile {

using graph::Node;
using graph::NodeId;
using graph::Op;

namespace {

// Row r of the result comes from row r of every computed input, and from weights.
bool is_row_wise(Op op) {
  switch (op) {
    case Op::kMatmul:
    case Op::kRmsNorm:
    case Op::kLayerNorm:
    case Op::kSlice:
    case Op::kSliceHeads:
    case Op::kMoeMlp:
      return true;
    default:
      return is_unary(op) || is_binary(op);
  }
}

class Gathering {
 public:
  Gathering(const graph::Graph& graph, NodeId gather)
      : graph_(graph), gather_(gather), rebuild_(graph), gathered_(graph.nodes().size()) {}

  graph::Graph run() {
    mark();
    // Moved gathers need it before all else; it is an input.
    const NodeId ids = graph_.node(gather_).inputs[1];
    rebuild_.copy(ids);
    for (size_t index = 0; index < graph_.nodes().size(); ++index) {
      const auto id = static_cast<NodeId>(index);
      if (id == ids) continue;
      if (id == gather_) {
        rebuild_.replace(id, rows_of(graph_.node(id).inputs[0]));
      } else if (gathered_[index]) {
        rebuild_.replace(id, move(id));
      } else {
        rebuild_.copy(id);
      }
    }
    return rebuild_.finish();
  }

 private:
  // A node is gathered when all its users are, or are the gather_rows itself.
  void mark() {
    for (size_t id = static_cast<size_t>(gather_); id-- > 0;) {
      if (!is_row_wise(graph_.nodes()[id].op)) continue;
      const auto users = users_of(graph_, static_cast<NodeId>(id));
      if (users.empty()) continue;
      gathered_[id] = true;
      for (const NodeId user : users) {
        gathered_[id] =
            gathered_[id] && user >= 0 && (user == gather_ || gathered_[static_cast<size_t>(user)]);
      }
    }
  }

  NodeId move(NodeId id) {
    Node node = graph_.node(id);
    node.type.dims[0] = graph_.node(gather_).type.dims[0];
    for (NodeId& input : node.inputs) {
      input = is_computed(graph_.node(input)) ? rows_of(input) : rebuild_.now(input);
    }
    return rebuild_.append(std::move(node));
  }

  // The wanted rows of a value: itself when it has only these.
  NodeId rows_of(NodeId id) {
    if (gathered_[static_cast<size_t>(id)]) return rebuild_.now(id);
    const auto found = picked_.find(id);
    if (found != picked_.end()) return found->second;
    Node node = graph_.node(gather_);
    node.type.dims.back() = graph_.node(id).type.dims.back();
    node.inputs = {rebuild_.now(id), rebuild_.now(node.inputs[1])};
    return picked_.emplace(id, rebuild_.append(std::move(node))).first->second;
  }

  const graph::Graph& graph_;
  const NodeId gather_;
  Rebuild rebuild_;
  std::vector<bool> gathered_;
  std::map<NodeId, NodeId> picked_;
};

}  // namespace

void gather_early(Module& module) {
  const auto nodes = module.graph.nodes();
  for (size_t id = 0; id < nodes.size(); ++id) {
    const Node& node = nodes[id];
    if (node.op != Op::kGatherRows) continue;
    // As many wanted as there are: moving them would only add a copy.
    const Node& source = module.graph.node(node.inputs[0]);
    if (node.type.dims[0] == source.type.dims[0]) return;
    if (module.graph.node(node.inputs[1]).op != Op::kInput) return;
    module.graph = Gathering(module.graph, static_cast<NodeId>(id)).run();
    return;
  }
}

}  // namespace spyre::compile
