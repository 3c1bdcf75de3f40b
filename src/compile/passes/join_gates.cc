// join-gates: two tracks of equal width whose results meet in one node, as activation(gate) and up
// in gated MLPs (arXiv 2002.05202), become one: the thread that has a panel of one has the same
// panel of the other.
#include <algorithm>

#include "compile/passes/passes.h"
#include "compile/passes/region_edits.h"

namespace spyre::compile {

using graph::Node;
using graph::NodeId;

namespace {

std::optional<NodeId> meeting(const Module& module, NodeId a, NodeId b) {
  const auto user = only_user(module, a);
  if (!user || user != only_user(module, b) || !is_alone(module, *user)) return std::nullopt;
  const Node& node = module.graph.node(*user);
  const bool joins = is_binary(node.op) && columns_of(module.graph.node(a)) == columns_of(node);
  return joins ? user : std::nullopt;
}

// Joins the first two tracks of the region that can be; false when none can.
bool join_once(Module& module, size_t region) {
  auto& tracks = module.regions[region].tracks;
  for (size_t i = 0; i < tracks.size(); ++i) {
    for (size_t j = i + 1; j < tracks.size(); ++j) {
      const auto user = meeting(module, tracks[i].back(), tracks[j].back());
      if (!user) continue;
      tracks[i].insert(tracks[i].end(), tracks[j].begin(), tracks[j].end());
      tracks[i].push_back(*user);
      tracks.erase(tracks.begin() + static_cast<ptrdiff_t>(j));
      for (size_t later = region + 1; later < module.regions.size(); ++later) {
        const Region& each = module.regions[later];
        if (each.work == Work::kRows && each.tracks[0][0] == *user) {
          remove_region(module, later);
          break;
        }
      }
      return true;
    }
  }
  return false;
}

}  // namespace

void join_gates(Module& module) {
  for (size_t region = 0; region < module.regions.size(); ++region) {
    while (module.regions[region].work == Work::kPanels && join_once(module, region)) {
    }
  }
}

}  // namespace spyre::compile
