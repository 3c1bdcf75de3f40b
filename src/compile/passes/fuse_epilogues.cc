// fuse-epilogues: elementwise nodes on a matmul's result (activation, scale, residual) follow it in
// its track, while the columns that a thread has just computed are still in its cache.
#include "compile/passes/passes.h"
#include "compile/passes/region_edits.h"

namespace spyre::compile {

using graph::Node;
using graph::NodeId;

namespace {

// The node that may follow the last of a track.
std::optional<NodeId> follower(const Module& module, NodeId last, size_t region) {
  const auto user = only_user(module, last);
  if (!user || !is_alone(module, *user)) return std::nullopt;
  const Node& node = module.graph.node(*user);
  if (is_unary(node.op)) return user;
  if (!is_binary(node.op) || node.inputs[0] == node.inputs[1]) return std::nullopt;
  const NodeId other = node.inputs[0] == last ? node.inputs[1] : node.inputs[0];
  if (!is_ready_before(module, other, region)) return std::nullopt;
  return user;
}

}  // namespace

void fuse_epilogues(Module& module) {
  for (size_t region = 0; region < module.regions.size(); ++region) {
    if (module.regions[region].work != Work::kPanels) continue;
    for (size_t track = 0; track < module.regions[region].tracks.size(); ++track) {
      while (const auto next =
                 follower(module, module.regions[region].tracks[track].back(), region)) {
        // It stands later than its input: removing its region moves no index that is used here.
        remove_region(module, place_of(module, *next)->region);
        module.regions[region].tracks[track].push_back(*next);
      }
    }
  }
}

}  // namespace spyre::compile
