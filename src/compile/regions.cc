#include "compile/regions.h"

#include <algorithm>
#include <set>

namespace spyre::compile {

using graph::Graph;
using graph::Node;
using graph::NodeId;
using graph::Op;

namespace {

bool begins_well(const Module& module, const Region& region) {
  const auto first = [&](size_t track) { return module.graph.node(region.tracks[track][0]).op; };
  switch (region.work) {
    case Work::kRows:
      return region.tracks.size() == 1 && region.prologue.empty();
    case Work::kPanels:
      return std::ranges::all_of(region.tracks, [&](const std::vector<NodeId>& track) {
        return !track.empty() && module.graph.node(track[0]).op == Op::kMatmul;
      });
    case Work::kItems:
      return region.tracks.size() == 3 && region.tracks[2].size() == 1 &&
             first(2) == Op::kAttention;
    case Work::kExperts:
      return region.tracks.size() == 1 && region.tracks[0].size() == 1 && first(0) == Op::kMoeMlp;
  }
  return false;
}

// Walks the regions with the nodes that are there already.
class Order {
 public:
  explicit Order(const Module& module) : module_(module), done_(module.graph.nodes().size()) {
    for (size_t id = 0; id < done_.size(); ++id) done_[id] = !is_computed(module.graph.nodes()[id]);
  }

  Status region(const Region& each, size_t index) {
    if (each.tracks.empty() || !begins_well(module_, each)) {
      return error(Code::kInternal, "region {}: not the nodes of a region of {}", index,
                   name(each.work));
    }
    std::vector<NodeId> computed;
    for (const NodeId id : each.prologue) {
      const Node& gather = module_.graph.node(id);
      if (takes_rows(gather.op) &&
          std::ranges::find(computed, gather.inputs[0]) != computed.end()) {
        return error(Code::kInternal, "region {}: %{} gathers rows that a prologue has one of",
                     index, id);
      }
      SPYRE_TRY(node(id, index, computed));
    }
    const size_t of_prologue = computed.size();
    for (const auto& track : each.tracks) {
      for (const NodeId id : track) SPYRE_TRY(node(id, index, computed));
    }
    for (size_t i = of_prologue; i < computed.size(); ++i) {
      if (!placed_.insert(computed[i]).second) {
        return error(Code::kInternal, "node %{}: in two tracks", computed[i]);
      }
    }
    return {};
  }

  Status finish() const {
    for (size_t id = 0; id < done_.size(); ++id) {
      if (!done_[id] && !is_view(module_, static_cast<NodeId>(id))) {
        return error(Code::kInternal, "node %{}: in no region", id);
      }
    }
    return {};
  }

 private:
  bool ready(NodeId id) const {
    if (is_view(module_, id)) return ready(module_.graph.node(id).inputs[0]);
    return done_[static_cast<size_t>(id)];
  }

  Status node(NodeId id, size_t index, std::vector<NodeId>& computed) {
    for (const NodeId input : module_.graph.node(id).inputs) {
      if (ready(input)) continue;
      return error(Code::kInternal, "region {}: node %{} reads %{}, which is not computed yet",
                   index, id, input);
    }
    done_[static_cast<size_t>(id)] = true;
    computed.push_back(id);
    return {};
  }

  const Module& module_;
  std::vector<bool> done_;
  std::set<NodeId> placed_;
};

}  // namespace

bool takes_rows(Op op) {
  return op == Op::kGatherRows || op == Op::kMeanPool || op == Op::kMaxPool;
}

std::string_view name(Work work) {
  switch (work) {
    case Work::kRows:
      return "rows";
    case Work::kPanels:
      return "panels";
    case Work::kItems:
      return "items";
    case Work::kExperts:
      return "experts";
  }
  return "";
}

bool is_view(const Module& module, NodeId id) {
  return std::ranges::find(module.views, id) != module.views.end();
}

std::vector<NodeId> users_of(const Graph& graph, NodeId id) {
  std::vector<NodeId> users;
  // Inputs stand before their users.
  for (size_t user = static_cast<size_t>(id) + 1; user < graph.nodes().size(); ++user) {
    const auto uses = std::ranges::count(graph.nodes()[user].inputs, id);
    users.insert(users.end(), static_cast<size_t>(uses), static_cast<NodeId>(user));
  }
  if (std::ranges::find(graph.outputs(), id) != graph.outputs().end()) users.push_back(-1);
  return users;
}

std::vector<NodeId> row_inputs_of(const Graph& graph) {
  std::vector<NodeId> rows(graph.nodes().size(), -1);
  for (size_t id = 0; id < rows.size(); ++id) {
    const Node& node = graph.nodes()[id];
    if (node.op == Op::kInput) rows[id] = static_cast<NodeId>(id);
    if (node.inputs.empty()) continue;
    rows[id] = rows[static_cast<size_t>(node.inputs[row_operand(node)])];
  }
  return rows;
}

Status verify(const Module& module) {
  SPYRE_TRY(graph::verify(module.graph));
  if (module.regions.empty()) return {};
  Order order(module);
  for (size_t i = 0; i < module.regions.size(); ++i) SPYRE_TRY(order.region(module.regions[i], i));
  return order.finish();
}

std::string print(const Module& module) {
  if (module.regions.empty()) return graph::print(module.graph);
  std::string text;
  const auto add = [&](std::string_view what, NodeId id) {
    text += fmt::format("  {} {}", what, graph::print(module.graph, id));
  };
  for (size_t id = 0; id < module.graph.nodes().size(); ++id) {
    if (is_computed(module.graph.nodes()[id])) continue;
    text += graph::print(module.graph, static_cast<NodeId>(id));
  }
  for (const NodeId id : module.views) text += "view " + graph::print(module.graph, id);
  for (size_t i = 0; i < module.regions.size(); ++i) {
    const Region& region = module.regions[i];
    text += fmt::format("region {} {}\n", i, name(region.work));
    for (const NodeId id : region.prologue) add("prologue", id);
    for (const auto& track : region.tracks) {
      for (size_t at = 0; at < track.size(); ++at) add(at == 0 ? "track" : "  then", track[at]);
    }
  }
  std::vector<std::string> outputs;
  for (const NodeId id : module.graph.outputs()) outputs.push_back(fmt::format("%{}", id));
  return text + fmt::format("return {}\n", fmt::join(outputs, ", "));
}

}  // namespace spyre::compile
