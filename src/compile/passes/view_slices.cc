// view-slices: a slice of columns is an offset into the value it is cut from, not a copy. Pieces
// take any distance between rows.
#include <algorithm>

#include "compile/passes/passes.h"
#include "compile/passes/region_edits.h"

namespace spyre::compile {

using graph::NodeId;

void view_slices(Module& module) {
  for (size_t index = 0; index < module.graph.nodes().size(); ++index) {
    const auto id = static_cast<NodeId>(index);
    const graph::Node& node = module.graph.node(id);
    if (node.op != graph::Op::kSlice) continue;
    // What the caller gets lies in rows of its own.
    if (std::ranges::find(module.graph.outputs(), id) != module.graph.outputs().end()) continue;
    remove_region(module, place_of(module, id)->region);
    module.views.push_back(id);
  }
}

}  // namespace spyre::compile
