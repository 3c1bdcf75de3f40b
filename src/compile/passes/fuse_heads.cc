// fuse-heads: what becomes of q and k between their matmul and attention (norms of heads, rope)
// happens inside attention's region, head by head, in scratch that stays in the nearest cache.
#include "compile/passes/passes.h"
#include "compile/passes/region_edits.h"

namespace spyre::compile {

using graph::Attribute;
using graph::Node;
using graph::NodeId;
using graph::Op;

namespace {

// Works on each head alone.
bool is_by_head(const Module& module, const Node& node, int64_t head_dim) {
  if (node.op == Op::kRope) return node.integer(Attribute::kHeadDim) == head_dim;
  return node.op == Op::kRmsNorm && module.graph.node(node.inputs[1]).type.dims[0] == head_dim;
}

// Takes nodes from operand upwards into the track, the first computed in front.
void pull(Module& module, NodeId operand, NodeId attention, size_t track) {
  const int64_t head_dim = module.graph.node(attention).integer(Attribute::kHeadDim);
  while (is_by_head(module, module.graph.node(operand), head_dim) && is_alone(module, operand) &&
         only_user(module, operand)) {
    remove_region(module, place_of(module, operand)->region);
    auto& nodes = module.regions[place_of(module, attention)->region].tracks[track];
    nodes.insert(nodes.begin(), operand);
    operand = module.graph.node(operand).inputs[0];
  }
}

}  // namespace

void fuse_heads(Module& module) {
  for (size_t index = 0; index < module.graph.nodes().size(); ++index) {
    const auto id = static_cast<NodeId>(index);
    const Node& node = module.graph.node(id);
    if (node.op != Op::kAttention) continue;
    pull(module, node.inputs[0], id, 0);
    pull(module, node.inputs[1], id, 1);
  }
}

}  // namespace spyre::compile
