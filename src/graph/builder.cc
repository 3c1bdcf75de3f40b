#include "graph/builder.h"

#include <cstdio>
#include <utility>

namespace spyre::graph {

namespace {

template <typename T>
void check(const Result<T>& result) {
  if (!result) std::fprintf(stderr, "graph builder: %s\n", result.error().message.c_str());
  SPYRE_CHECK(result.has_value());
}

AttributeValue whole(Attribute attribute, int64_t value) {
  return {attribute, static_cast<double>(value)};
}

}  // namespace

NodeId Builder::append(Op op, std::vector<NodeId> inputs, std::vector<AttributeValue> attributes) {
  Node node;
  node.op = op;
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  auto type = infer_type(graph_, node);
  check(type);
  node.type = std::move(*type);
  return graph_.append(std::move(node));
}

NodeId Builder::leaf(Op op, std::string_view name, Type type, std::vector<float> values) {
  if (const auto known = leaves_.find(name); known != leaves_.end()) {
    const Node& node = graph_.node(known->second);
    SPYRE_CHECK(node.op == op && node.type == type && node.values == values);
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
  return append(Op::kRope, {x, positions, frequencies},
                {whole(Attribute::kHeadDim, head_dim), {Attribute::kFactor, factor}});
}

NodeId Builder::attention(std::vector<NodeId> inputs, const AttentionAttributes& attributes) {
  return append(Op::kAttention, std::move(inputs),
                {whole(Attribute::kLayer, attributes.layer),
                 whole(Attribute::kKvHeads, attributes.kv_heads),
                 whole(Attribute::kHeadDim, attributes.head_dim),
                 {Attribute::kScale, attributes.scale},
                 {Attribute::kSoftcap, attributes.softcap},
                 whole(Attribute::kWindow, attributes.window)});
}

NodeId Builder::activation(Op op, NodeId x) { return append(op, {x}); }

NodeId Builder::scale(NodeId x, float factor) {
  return factor == 1.0f ? x : append(Op::kScale, {x}, {{Attribute::kFactor, factor}});
}

NodeId Builder::add(NodeId a, NodeId b) { return append(Op::kAdd, {a, b}); }
NodeId Builder::mul(NodeId a, NodeId b) { return append(Op::kMul, {a, b}); }

NodeId Builder::add_offset(NodeId ids, int64_t offset) {
  return append(Op::kAddOffset, {ids}, {whole(Attribute::kOffset, offset)});
}

NodeId Builder::slice(NodeId x, int64_t begin, int64_t length) {
  return append(Op::kSlice, {x},
                {whole(Attribute::kBegin, begin), whole(Attribute::kLength, length)});
}

NodeId Builder::slice_heads(NodeId x, int64_t head_dim, int64_t begin, int64_t length) {
  return append(Op::kSliceHeads, {x},
                {whole(Attribute::kBegin, begin), whole(Attribute::kLength, length),
                 whole(Attribute::kHeadDim, head_dim)});
}

NodeId Builder::gather_rows(NodeId x, NodeId rows) { return append(Op::kGatherRows, {x, rows}); }

NodeId Builder::pool(Op op, NodeId x, NodeId rows, NodeId lengths) {
  return append(op, {x, rows, lengths});
}

NodeId Builder::moe_mlp(NodeId x, NodeId router_logits, NodeId w_in, NodeId w_out, int64_t top_k,
                        Op activation) {
  return append(Op::kMoeMlp, {x, router_logits, w_in, w_out},
                {whole(Attribute::kTopK, top_k),
                 whole(Attribute::kActivation, static_cast<int64_t>(activation))});
}

Graph Builder::finish(std::vector<NodeId> outputs) {
  graph_.set_outputs(std::move(outputs));
  check(verify(graph_));
  leaves_.clear();
  return std::exchange(graph_, {});
}

}  // namespace spyre::graph
