// Builds graphs node by node, inferring types from the op table. A shape that does not fit is our
// own bug and stops the program; graphs from outside come through parse() and verify(), which
// return errors. Leaves are added once per name. Nodes stand in the order of the calls, so a caller
// who wants the same graph from every compiler makes one call per argument list.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace spyre::graph {

struct AttentionAttributes {
  int64_t layer = 0;
  int64_t kv_heads = 1;
  int64_t head_dim = 1;
  float scale = 1.0f;
  float softcap = 0.0f;
  int64_t window = 0;
};

class Builder {
 public:
  NodeId input(std::string_view name, DType dtype, std::vector<int64_t> dims);
  NodeId weight(std::string_view name, std::vector<int64_t> dims);
  NodeId constant(std::string_view name, std::vector<float> values);

  NodeId embed(NodeId table, NodeId ids);
  NodeId matmul(NodeId x, NodeId w, std::optional<NodeId> bias = std::nullopt);
  NodeId rms_norm(NodeId x, NodeId w, float eps, float offset = 0.0f);
  NodeId layer_norm(NodeId x, NodeId w, std::optional<NodeId> b, float eps);
  NodeId rope(NodeId x, NodeId positions, NodeId frequencies, int64_t head_dim, float factor);
  // inputs: q, k, v, positions, sequences, block_table; lengths, buckets if wanted.
  NodeId attention(std::vector<NodeId> inputs, const AttentionAttributes& attributes);
  // op: kSilu, kGelu, kGeluTanh, kRelu or kTanh.
  NodeId activation(Op op, NodeId x);
  NodeId scale(NodeId x, float factor);  // x itself when factor is 1
  NodeId add(NodeId a, NodeId b);
  NodeId mul(NodeId a, NodeId b);
  NodeId add_offset(NodeId ids, int64_t offset);
  NodeId slice(NodeId x, int64_t begin, int64_t length);
  // Columns begin .. begin + length - 1 of every run of head_dim columns.
  NodeId slice_heads(NodeId x, int64_t head_dim, int64_t begin, int64_t length);
  NodeId gather_rows(NodeId x, NodeId rows);
  // op: kMeanPool or kMaxPool.
  NodeId pool(Op op, NodeId x, NodeId rows, NodeId lengths);
  NodeId moe_mlp(NodeId x, NodeId router_logits, NodeId w_in, NodeId w_out, int64_t top_k,
                 Op activation);

  const Type& type(NodeId id) const { return graph_.node(id).type; }

  // The graph, verified. The builder is empty afterwards.
  Graph finish(std::vector<NodeId> outputs);

 private:
  NodeId leaf(Op op, std::string_view name, Type type, std::vector<float> values);
  NodeId append(Op op, std::vector<NodeId> inputs, std::vector<AttributeValue> attributes = {});

  Graph graph_;
  std::map<std::string, NodeId, std::less<>> leaves_;
};

}  // namespace spyre::graph
