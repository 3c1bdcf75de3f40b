// fuse-prologues: norms and other row-wise nodes before a matmul become its region's prologue. With
// few rows every thread computes them again for itself, which costs less than meeting the others;
// with many each takes its share.
#include <algorithm>

#include "compile/passes/passes.h"
#include "compile/passes/region_edits.h"

namespace spyre::compile {

using graph::Node;
using graph::NodeId;
using graph::Op;

namespace {

bool may_precede(Op op) {
  return op == Op::kRmsNorm || op == Op::kLayerNorm || op == Op::kGatherRows || is_unary(op);
}

bool reads_prepared_rows(const Module& module, const Region& region, NodeId of) {
  if (region.work != Work::kPanels && region.work != Work::kExperts) return false;
  return module.graph.node(region.tracks[0][0]).inputs[0] == of;
}

// The regions whose matmuls are all that uses a node; none when something else does.
std::vector<size_t> takers(const Module& module, NodeId id) {
  std::vector<size_t> regions;
  for (const NodeId user : users_of(module.graph, id)) {
    if (user < 0) return {};
    const auto place = place_of(module, user);
    if (!place || std::ranges::count(module.graph.node(user).inputs, id) > 1) return {};
    const Region& region = module.regions[place->region];
    const bool is_input =
        module.graph.node(user).inputs[0] == id &&
        (module.graph.node(user).op == Op::kMatmul || module.graph.node(user).op == Op::kMoeMlp);
    if (!is_input || !reads_prepared_rows(module, region, id)) return {};
    if (std::ranges::find(regions, place->region) == regions.end()) {
      regions.push_back(place->region);
    }
  }
  return regions;
}

// The first of a prologue whose only user is what stands in front of it now.
std::optional<size_t> in_front(const Module& module, NodeId id) {
  const auto user = only_user(module, id);
  if (!user) return std::nullopt;
  std::optional<size_t> found;
  for (size_t region = 0; region < module.regions.size(); ++region) {
    const auto& prologue = module.regions[region].prologue;
    if (prologue.empty() || prologue.front() != *user) continue;
    // A gather reads rows that are not the one at hand.
    if (module.graph.node(*user).op == Op::kGatherRows) return std::nullopt;
    if (found) return std::nullopt;  // would be computed for each
    found = region;
  }
  return found;
}

}  // namespace

void fuse_prologues(Module& module) {
  // Backwards, so that a chain is taken from its end.
  for (size_t index = module.regions.size(); index-- > 0;) {
    const Region region = module.regions[index];
    if (region.work != Work::kRows) continue;
    // From the end of the region's chain, as far as it goes.
    std::vector<NodeId> left = region.tracks[0];
    while (!left.empty() && may_precede(module.graph.node(left.back()).op)) {
      const NodeId id = left.back();
      std::vector<size_t> regions = takers(module, id);
      if (regions.empty()) {
        if (const auto front = in_front(module, id)) regions = {*front};
      }
      if (regions.empty()) break;
      for (const size_t taker : regions) {
        auto& prologue = module.regions[taker].prologue;
        prologue.insert(prologue.begin(), id);
      }
      left.pop_back();
      if (!left.empty()) module.regions[index].tracks[0] = left;
    }
    if (left.empty()) remove_region(module, index);
  }
}

}  // namespace spyre::compile
