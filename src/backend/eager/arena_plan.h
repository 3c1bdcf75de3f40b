// Gives every computed node of a graph a place in one arena, by lifetime: a place is free again
// after its value's last use.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace spyre::backend {

struct ArenaPlan {
  std::vector<int64_t>
      offsets;           // per node, in 4-byte elements, multiples of 16; -1: not in the arena
  int64_t elements = 0;  // of the whole arena
};

// Inputs, weights and constants live elsewhere; outputs live until the end.
ArenaPlan plan_arena(const graph::Graph& graph);

}  // namespace spyre::backend
