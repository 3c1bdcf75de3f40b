#include "compile/passes/region_edits.h"

#include <algorithm>

namespace spyre::compile {

using graph::NodeId;
using graph::Op;

std::optional<Place> place_of(const Module& module, NodeId id) {
  for (size_t region = 0; region < module.regions.size(); ++region) {
    const auto& tracks = module.regions[region].tracks;
    for (size_t track = 0; track < tracks.size(); ++track) {
      if (std::ranges::find(tracks[track], id) != tracks[track].end()) return Place{region, track};
    }
  }
  return std::nullopt;
}

NodeId source_of(const Module& module, NodeId id) {
  while (is_view(module, id)) id = module.graph.node(id).inputs[0];
  return id;
}

bool is_ready_before(const Module& module, NodeId id, size_t region) {
  const NodeId source = source_of(module, id);
  if (!is_computed(module.graph.node(source))) return true;
  const auto place = place_of(module, source);
  return place && place->region < region;
}

std::optional<NodeId> only_user(const Module& module, NodeId id) {
  const auto users = users_of(module.graph, id);
  if (users.size() != 1 || users[0] < 0) return std::nullopt;
  return users[0];
}

bool is_unary(Op op) {
  switch (op) {
    case Op::kSilu:
    case Op::kGelu:
    case Op::kGeluTanh:
    case Op::kRelu:
    case Op::kTanh:
    case Op::kScale:
      return true;
    default:
      return false;
  }
}

bool is_binary(Op op) { return op == Op::kAdd || op == Op::kMul; }

bool is_alone(const Module& module, NodeId id) {
  const auto place = place_of(module, id);
  if (!place) return false;
  const Region& region = module.regions[place->region];
  return region.work == Work::kRows && region.tracks[0].size() == 1;
}

void remove_region(Module& module, size_t region) {
  module.regions.erase(module.regions.begin() + static_cast<ptrdiff_t>(region));
}

}  // namespace spyre::compile
