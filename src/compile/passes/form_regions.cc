// form-regions: every computed node a region of its own. Correct already, with a barrier a node.
#include "compile/passes/passes.h"

namespace spyre::compile {

using graph::NodeId;
using graph::Op;

void form_regions(Module& module) {
  for (size_t index = 0; index < module.graph.nodes().size(); ++index) {
    const auto id = static_cast<NodeId>(index);
    const graph::Node& node = module.graph.node(id);
    if (!is_computed(node)) continue;
    if (node.op == Op::kAttention) {
      module.regions.push_back({.work = Work::kItems, .prologue = {}, .tracks = {{}, {}, {id}}});
      continue;
    }
    const Work work = node.op == Op::kMatmul   ? Work::kPanels
                      : node.op == Op::kMoeMlp ? Work::kExperts
                                               : Work::kRows;
    module.regions.push_back({.work = work, .prologue = {}, .tracks = {{id}}});
  }
}

}  // namespace spyre::compile
