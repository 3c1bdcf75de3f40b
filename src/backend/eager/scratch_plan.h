// What a graph needs beside weights and KV cache when the eager backend runs it, in bytes: known
// from shapes and formats alone, so the memory plan can ask before anything is loaded. Programs
// share each region, so several programs need the largest of each.
#pragma once

#include <cstddef>

#include "backend/kv_cache.h"
#include "backend/weights.h"
#include "graph/graph.h"

namespace spyre::backend {

struct ScratchPlan {
  size_t arena = 0;            // values of the running program
  size_t prepared_input = 0;   // matmul inputs, rounded or quantised
  size_t reordered_input = 0;  // of weights with an input order
  size_t attention = 0;        // all threads together
  size_t experts = 0;          // moe_mlp

  size_t total() const { return arena + prepared_input + reordered_input + attention + experts; }
  // The larger of each region.
  void cover(const ScratchPlan& other);
};

// Of weights only shape, input and input_order are looked at. threads: of the pool.
// kInvalidArgument: a weight that is not there or of another shape, a layer or heads that the KV
// cache does not have.
Result<ScratchPlan> plan_scratch(const graph::Graph& graph, const WeightSet& weights,
                                 const KvCacheShape& kv_cache, int threads);

}  // namespace spyre::backend
