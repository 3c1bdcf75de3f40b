#include "model/blocks.h"

#include <cmath>

namespace spyre::model {

using graph::DType;
using graph::Op;

StepNodes step_inputs(Builder& b, const StepShape& shape) {
  return {.tokens = b.input("tokens", DType::kI32, {shape.rows}),
          .positions = b.input("positions", DType::kI32, {shape.rows}),
          .sequences = b.input("sequences", DType::kI32, {shape.rows}),
          .block_table = b.input("block_table", DType::kI32, {shape.sequences, shape.max_blocks}),
          .output_rows = b.input("output_rows", DType::kI32, {shape.output_rows})};
}

NodeId linear(Builder& b, NodeId x, const std::string& name, int64_t outputs, bool bias) {
  const int64_t inputs = b.type(x).dims.back();
  const NodeId w = b.weight(name + ".weight", {outputs, inputs});
  if (!bias) return b.matmul(x, w);
  return b.matmul(x, w, b.weight(name + ".bias", {outputs}));
}

NodeId rms_norm(Builder& b, NodeId x, const std::string& name, float eps, float offset) {
  return b.rms_norm(x, b.weight(name + ".weight", {b.type(x).dims.back()}), eps, offset);
}

NodeId head_norm(Builder& b, const ModelConfig& config, NodeId x, const std::string& name,
                 float offset) {
  return b.rms_norm(x, b.weight(name + ".weight", {config.head_dim}), config.norm_eps, offset);
}

NodeId layer_norm(Builder& b, NodeId x, const std::string& name, float eps) {
  const int64_t columns = b.type(x).dims.back();
  const NodeId w = b.weight(name + ".weight", {columns});
  return b.layer_norm(x, w, b.weight(name + ".bias", {columns}), eps);
}

Op activation_op(checkpoint::ActivationFunction function) {
  switch (function) {
    case checkpoint::ActivationFunction::kSilu:
      return Op::kSilu;
    case checkpoint::ActivationFunction::kGelu:
      return Op::kGelu;
    case checkpoint::ActivationFunction::kGeluTanh:
      return Op::kGeluTanh;
    case checkpoint::ActivationFunction::kRelu:
      return Op::kRelu;
  }
  return Op::kSilu;
}

float attention_scale(const ModelConfig& config) {
  if (config.attention_multiplier) return *config.attention_multiplier;
  const float width =
      config.query_pre_attention_scalar.value_or(static_cast<float>(config.head_dim));
  return 1.0f / std::sqrt(width);
}

Rope rope_constant(Builder& b, const std::string& name, const RopeFrequencies& frequencies) {
  return {.frequencies = b.constant(name, frequencies.values), .factor = frequencies.factor};
}

Qkv project_qkv(Builder& b, const ModelConfig& config, NodeId x, const std::string& prefix) {
  const int64_t q_width = config.num_heads * config.head_dim;
  const int64_t kv_width = config.num_kv_heads * config.head_dim;
  return {.q = linear(b, x, prefix + ".q_proj", q_width, config.attention_bias),
          .k = linear(b, x, prefix + ".k_proj", kv_width, config.attention_bias),
          .v = linear(b, x, prefix + ".v_proj", kv_width, config.attention_bias)};
}

Qkv split_qkv(Builder& b, const ModelConfig& config, NodeId fused) {
  const int64_t q_width = config.num_heads * config.head_dim;
  const int64_t kv_width = config.num_kv_heads * config.head_dim;
  return {.q = b.slice(fused, 0, q_width),
          .k = b.slice(fused, q_width, kv_width),
          .v = b.slice(fused, q_width + kv_width, kv_width)};
}

Qkv rotate(Builder& b, const ModelConfig& config, const StepNodes& step, const Rope& rope,
           Qkv qkv) {
  const auto turn = [&](NodeId x) {
    return b.rope(x, step.positions, rope.frequencies, config.head_dim, rope.factor);
  };
  return {.q = turn(qkv.q), .k = turn(qkv.k), .v = qkv.v};
}

NodeId attend(Builder& b, const ModelConfig& config, const StepNodes& step, int64_t layer,
              Qkv qkv) {
  return b.attention({qkv.q, qkv.k, qkv.v, step.positions, step.sequences, step.block_table},
                     {.layer = layer,
                      .kv_heads = config.num_kv_heads,
                      .head_dim = config.head_dim,
                      .scale = attention_scale(config),
                      .softcap = config.attention_softcap,
                      .window = config.layer_windows[static_cast<size_t>(layer)]});
}

NodeId gated_mlp(Builder& b, const ModelConfig& config, NodeId x, const std::string& prefix) {
  const NodeId gate =
      linear(b, x, prefix + ".gate_proj", config.intermediate_size, config.mlp_bias);
  const NodeId up = linear(b, x, prefix + ".up_proj", config.intermediate_size, config.mlp_bias);
  const NodeId inner = b.mul(b.activation(activation_op(config.activation), gate), up);
  return linear(b, inner, prefix + ".down_proj", config.hidden_size, config.mlp_bias);
}

NodeId lm_head(Builder& b, const ModelConfig& config, NodeId x, const std::string& embedding) {
  const std::string name = config.tie_word_embeddings ? embedding : "lm_head.weight";
  return b.matmul(x, b.weight(name, {config.vocab_size, b.type(x).dims.back()}));
}

}  // namespace spyre::model
