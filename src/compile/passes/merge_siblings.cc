// merge-siblings: matmuls of the same input (q, k and v; gate and up) are one region, each a track:
// the input is prepared once and the threads meet once.
#include "compile/passes/passes.h"
#include "compile/passes/region_edits.h"

namespace spyre::compile {

using graph::Node;
using graph::NodeId;

namespace {

const WeightFormat& weight_of(const Module& module, const Node& matmul) {
  return module.weights.find(module.graph.node(matmul.inputs[1]).name)->second;
}

// Wants the same prepared rows.
bool are_siblings(const Module& module, const Region& a, const Region& b) {
  if (a.work != Work::kPanels || b.work != Work::kPanels) return false;
  const Node& first = module.graph.node(a.tracks[0][0]);
  const Node& second = module.graph.node(b.tracks[0][0]);
  const WeightFormat& w = weight_of(module, first);
  const WeightFormat& other = weight_of(module, second);
  return first.inputs[0] == second.inputs[0] && w.input == other.input && !w.ordered &&
         !other.ordered;
}

}  // namespace

void merge_siblings(Module& module) {
  for (size_t i = 0; i < module.regions.size(); ++i) {
    for (size_t j = i + 1; j < module.regions.size();) {
      if (are_siblings(module, module.regions[i], module.regions[j])) {
        module.regions[i].tracks.push_back(module.regions[j].tracks[0]);
        remove_region(module, j);
      } else {
        ++j;
      }
    }
  }
}

}  // namespace spyre::compile
