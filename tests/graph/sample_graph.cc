#include "graph/sample_graph.h"

namespace spyre::graph::testing {

namespace {

NodeId moe(Builder& b, NodeId x) {
  const NodeId router_logits = b.matmul(x, b.weight("router", {3, 8}));
  return b.moe_mlp(x, router_logits, b.weight("w_in", {3, 10, 8}), b.weight("w_out", {3, 8, 5}), 2,
                   Op::kSilu);
}

}  // namespace

Graph every_op() {
  Builder b;
  const NodeId positions = b.input("positions", DType::kI32, {4});
  const NodeId sequences = b.input("sequences", DType::kI32, {4});
  const NodeId block_table = b.input("block_table", DType::kI32, {2, 3});
  const NodeId rows = b.input("rows", DType::kI32, {1});
  const NodeId frequencies = b.constant("frequencies", {1.0f, 0.1f});

  NodeId x = b.embed(b.weight("table", {11, 8}), b.add_offset(positions, -2));
  x = b.layer_norm(x, b.weight("norm", {8}), b.weight("norm.bias", {8}), 1e-5f);
  x = b.rms_norm(x, b.weight("head_norm", {4}), 1e-6f, 1.0f);
  const NodeId fused = b.matmul(x, b.weight("qkv", {16, 8}), b.weight("qkv.bias", {16}));
  const NodeId q = b.rope(b.slice(fused, 0, 8), positions, frequencies, 4, 1.25f);
  const NodeId k = b.slice_heads(b.slice(fused, 8, 8), 2, 1, 1);
  const NodeId v = b.slice(fused, 12, 4);
  x = b.attention({q, k, v, positions, sequences, block_table},
                  {.layer = 3, .kv_heads = 1, .head_dim = 4, .scale = 0.3f, .window = 7});
  for (const Op op : {Op::kSilu, Op::kGelu, Op::kGeluTanh, Op::kRelu, Op::kTanh}) {
    x = b.activation(op, x);
  }
  x = b.mul(b.scale(x, -0.0f), b.add(x, moe(b, x)));
  const NodeId lengths = b.input("lengths", DType::kI32, {1});
  const NodeId pools =
      b.add(b.pool(Op::kMeanPool, x, rows, lengths), b.pool(Op::kMaxPool, x, rows, lengths));
  return b.finish({b.gather_rows(x, rows), x, pools});
}

}  // namespace spyre::graph::testing
