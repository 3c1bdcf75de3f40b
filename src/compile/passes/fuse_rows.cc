// fuse-rows: row-wise work that follows row-wise work is done by the thread that has the row,
// without a barrier between.
#include <algorithm>

#include "compile/passes/passes.h"
#include "compile/passes/region_edits.h"

namespace spyre::compile {

using graph::Node;
using graph::NodeId;

namespace {

bool reads_across(const Module& module, NodeId id, const std::vector<NodeId>& computed) {
  const Node& node = module.graph.node(id);
  return takes_rows(node.op) &&
         std::ranges::find(computed, source_of(module, node.inputs[0])) != computed.end();
}

}  // namespace

void fuse_rows(Module& module) {
  const auto rows = row_inputs_of(module.graph);
  const auto row_input = [&](NodeId id) { return rows[static_cast<size_t>(id)]; };
  for (size_t region = 0; region + 1 < module.regions.size();) {
    Region& first = module.regions[region];
    const Region& second = module.regions[region + 1];
    const bool follow = first.work == Work::kRows && second.work == Work::kRows &&
                        row_input(first.tracks[0][0]) == row_input(second.tracks[0][0]) &&
                        std::ranges::none_of(second.tracks[0], [&](NodeId id) {
                          return reads_across(module, id, first.tracks[0]);
                        });
    if (!follow) {
      ++region;
      continue;
    }
    first.tracks[0].insert(first.tracks[0].end(), second.tracks[0].begin(), second.tracks[0].end());
    remove_region(module, region + 1);
  }
}

}  // namespace spyre::compile
