#include "graph/builder.h"

#include <cstdio>

namespace spyre::graph {

NodeId Builder::append(Op op, std::vector<NodeId> inputs, std::vector<AttributeValue> attributes) {
  Node node;
  node.op = op;
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  auto type = infer_type(graph_, node);
  if (!type) std::fprintf(stderr, "graph builder: %s\n", type.error().message.c_str());
  SPYRE_CHECK(type.has_value());
  node.type = std::move(*type);
  return graph_.append(std::move(node));
}

NodeId Builder::leaf(Op op, std::string_view name, Type type, std::vector<float> values) {
  if (const auto known = leaves_.find(name); known != leaves_.end()) {
    const Node& node = graph_.node(known->second);
    SPYRE_CHECK(node.op == op && node.type == type);
    return known->second;
  }
  Node node;
  node.op = op;
  node.type = std::move(type);
  node.name = name;
  node.values = std::move(values);
  const NodeId id = graph_.append(std::move(node));
  leaves_.emplace(name, id);
  return id;
}

NodeId Builder::input(std::string_view name, DType dtype, std::vector<int64_t> dims) {
  return leaf(Op::kInput, name, {dtype, std::move(dims)}, {});
}

NodeId Builder::weight(std::string_view name, std::vector<int64_t> dims) {
  return leaf(Op::kWeight, name, {DType::kF32, std::move(dims)}, {});
}

NodeId Builder::constant(std::string_view name, std::vector<float> values) {
  const auto count = static_cast<int64_t>(values.size());
  return leaf(Op::kConstant, name, {DType::kF32, {count}}, std::move(values));
}

NodeId Builder::embed(NodeId table, NodeId ids) { return append(Op::kEmbed, {table, ids}); }

NodeId Builder::matmul(NodeId x, NodeId w, std::optional<NodeId> bias) {
  return bias ? append(Op::kMatmul, {x, w, *bias}) : append(Op::kMatmul, {x, w});
}

NodeId Builder::rms_norm(NodeId x, NodeId w, float eps, float offset) {
  return append(Op::kRmsNorm, {x, w}, {{Attribute::kEps, eps}, {Attribute::kOffset, offset}});
}

NodeId Builder::layer_norm(NodeId x, NodeId w, std::optional<NodeId> b, float eps) {
  std::vector<NodeId> inputs = {x, w};
  if (b) inputs.push_back(*b);
  return append(Op::kLayerNorm, std::move(inputs), {{Attribute::kEps, eps}});
}

NodeId Builder::rope(NodeId x, NodeId positions, NodeId frequencies, int64_t head_dim,
                     float factor) {
  return append(
      Op::kRope, {x, positions, frequencies},
      {{Attribute::kHeadDim, static_cast<double>(head_dim)}, {Attribute::kFactor, factor}});
}

NodeId Builder::attention(std::vector<NodeId> inputs, const AttentionAttributes& attributes) {
  return append(Op::kAttention, std::move(inputs),
                {{Attribute::kLayer, static_cast<double>(attributes.layer)},
                 {Attribute::kKvHeads, static_cast<double>(attributes.kv_heads)},
                 {Attribute::kHeadDim, static_cast<double>(attributes.head_dim)},
                 {Attribute::kScale, attributes.scale},
                 {Attribute::kSoftcap, attributes.softcap},
                 {Attribute::kWindow, static_cast<double>(attributes.window)}});
}

NodeId Builder::activation(Op op, NodeId x) { return append(op, {x}); }

NodeId Builder::scale(NodeId x, float factor) {
  return factor == 1.0f ? x : append(Op::kScale, {x}, {{Attribute::kFactor, factor}});
}

NodeId Builder::add(NodeId a, NodeId b) { return append(Op::kAdd, {a, b}); }
NodeId Builder::mul(NodeId a, NodeId b) { return append(Op::kMul, {a, b}); }

NodeId Builder::add_offset(NodeId ids, int64_t offset) {
  return append(Op::kAddOffset, {ids}, {{Attribute::kOffset, static_cast<double>(offset)}});
}

NodeId Builder::slice(NodeId x, int64_t begin, int64_t length) {
  return append(Op::kSlice, {x},
                {{Attribute::kBegin, static_cast<double>(begin)},
                 {Attribute::kLength, static_cast<double>(length)}});
}

NodeId Builder::gather_rows(NodeId x, NodeId rows) { return append(Op::kGatherRows, {x, rows}); }

NodeId Builder::moe_mlp(NodeId x, NodeId router_logits, NodeId w_in, NodeId w_out, int64_t top_k,
                        Op activation) {
  return append(Op::kMoeMlp, {x, router_logits, w_in, w_out},
                {{Attribute::kTopK, static_cast<double>(top_k)},
                 {Attribute::kActivation, static_cast<double>(activation)}});
}

Graph Builder::finish(std::vector<NodeId> outputs) {
  graph_.set_outputs(std::move(outputs));
  const Status sound = verify(graph_);
  if (!sound) std::fprintf(stderr, "graph builder: %s\n", sound.error().message.c_str());
  SPYRE_CHECK(sound.has_value());
  leaves_.clear();
  return std::exchange(graph_, {});
}

}  // namespace spyre::graph
