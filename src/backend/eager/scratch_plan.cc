// Walks a graph and keeps the largest of what each op asks for.
#include "backend/eager/scratch_plan.h"

#include <algorithm>

#include "backend/eager/arena_plan.h"
#include "backend/eager/attention.h"
#include "backend/eager/matmul.h"
#include "backend/eager/moe.h"

namespace spyre::backend {

namespace {

using graph::Attribute;
using graph::Graph;
using graph::Node;
using graph::Op;

void keep_larger(size_t& region, size_t bytes) { region = std::max(region, bytes); }

class Walk {
 public:
  Walk(const Graph& graph, const WeightSet& weights, const KvCacheShape& kv_cache, int threads)
      : graph_(graph), weights_(weights), kv_cache_(kv_cache), threads_(threads) {}

  Status visit(const Node& node) {
    switch (node.op) {
      case Op::kWeight:
        return check_weight(node, weights_);
      case Op::kMatmul:
        matmul(node);
        return {};
      case Op::kAttention:
        return attention(node);
      case Op::kMoeMlp:
        keep_larger(plan_.experts, moe_scratch_bytes(weight(node.inputs[2]), weight(node.inputs[3]),
                                                     node.integer(Attribute::kTopK)));
        return {};
      default:
        return {};
    }
  }

  ScratchPlan finish() {
    plan_.arena = static_cast<size_t>(plan_arena(graph_).elements) * sizeof(float);
    return plan_;
  }

 private:
  // Only of weights that check_weight() has seen: nodes come after their inputs.
  const Weight& weight(graph::NodeId id) const {
    return weights_.find(graph_.node(id).name)->second;
  }

  void matmul(const Node& node) {
    const Weight& w = weight(node.inputs[1]);
    const auto rows = static_cast<size_t>(node.type.dims[0]);
    const int64_t columns = w.shape[1];
    keep_larger(plan_.prepared_input, rows * prepared_row_bytes(w.input, columns));
    if (w.input_order.empty()) return;
    keep_larger(plan_.reordered_input, rows * static_cast<size_t>(columns) * sizeof(float));
  }

  Status attention(const Node& node) {
    if (node.integer(Attribute::kLayer) >= kv_cache_.layers ||
        node.integer(Attribute::kKvHeads) != kv_cache_.kv_heads ||
        node.integer(Attribute::kHeadDim) != kv_cache_.head_dim) {
      return error(Code::kInvalidArgument,
                   "attention of layer {}: the KV cache has {} layers of {} heads of {}",
                   node.integer(Attribute::kLayer), kv_cache_.layers, kv_cache_.kv_heads,
                   kv_cache_.head_dim);
    }
    const int64_t heads = node.type.dims.back() / kv_cache_.head_dim;
    keep_larger(plan_.attention, attention_scratch_bytes(kv_cache_, heads, threads_));
    return {};
  }

  const Graph& graph_;
  const WeightSet& weights_;
  const KvCacheShape& kv_cache_;
  const int threads_;
  ScratchPlan plan_;
};

}  // namespace

void ScratchPlan::cover(const ScratchPlan& other) {
  keep_larger(arena, other.arena);
  keep_larger(prepared_input, other.prepared_input);
  keep_larger(reordered_input, other.reordered_input);
  keep_larger(attention, other.attention);
  keep_larger(experts, other.experts);
}

Result<ScratchPlan> plan_scratch(const Graph& graph, const WeightSet& weights,
                                 const KvCacheShape& kv_cache, int threads) {
  Walk walk(graph, weights, kv_cache, threads);
  for (const Node& node : graph.nodes()) SPYRE_TRY(walk.visit(node));
  return walk.finish();
}

}  // namespace spyre::backend
