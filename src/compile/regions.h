// What the passes work on: a graph and its grouping into regions. A region is work that all threads
// do together between two barriers; the grouping says which nodes it computes and how they follow
// each other inside. Passes move nodes between regions, and never change what a node means.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/format.h"
#include "graph/graph.h"
#include "kernels/piece.h"

namespace spyre::compile {

// What a weight is in memory, as far as code depends on it.
struct WeightFormat {
  Format format = Format::kF32;
  kernels::InputType input = kernels::InputType::kF32;
  int64_t group_columns = 0;  // grouped formats
  bool ordered = false;       // wants its input's columns in an order of its own
  bool operator==(const WeightFormat&) const = default;
};
using WeightFormats = std::map<std::string, WeightFormat, std::less<>>;  // of matrices, by name

// How a region's work is cut into shares.
enum class Work : uint8_t {
  kRows,     // tracks: one chain of row-wise nodes
  kPanels,   // tracks: each matmuls of one width, then elementwise nodes on their results
  kItems,    // tracks: what becomes of q, of k (both may be empty), then the attention node
  kExperts,  // tracks: a moe_mlp node
};

std::string_view name(Work work);

struct Region {
  Work work{};
  // kPanels, kExperts: row-wise nodes between the region's input and the matmuls. Each thread may
  // compute them again for itself, and several regions may hold the same node.
  std::vector<graph::NodeId> prologue;
  std::vector<std::vector<graph::NodeId>> tracks;
  bool operator==(const Region&) const = default;
};

struct Module {
  graph::Graph graph;
  WeightFormats weights;
  std::vector<Region> regions;       // in the order in which they run; empty until form-regions
  std::vector<graph::NodeId> views;  // slices that are no work: an offset into another value
};

// Reads rows of its input that are not its own.
bool takes_rows(graph::Op op);
bool is_view(const Module& module, graph::NodeId id);
// A node's users, once per use. That the caller gets its value counts as a use by node -1.
std::vector<graph::NodeId> users_of(const graph::Graph& graph, graph::NodeId id);
// Per node: the input whose length says how many of its rows a step has; -1 where there is none.
std::vector<graph::NodeId> row_inputs_of(const graph::Graph& graph);

// Every computed node is a view or stands in a region, once but for prologues; regions follow what
// they read; tracks begin as their work says. kInternal names the first that does not.
Status verify(const Module& module);

// The graph's text, and when there are regions theirs, nodes under their region:
//   region 1 panels
//     prologue %9 = rms_norm(%2, %8) {eps=1e-05, offset=0} : f32[1, 64]
//     track %11 = matmul(%9, %10) : f32[1, 64]
std::string print(const Module& module);

}  // namespace spyre::compile
