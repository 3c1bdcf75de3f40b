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

static std::optional<Op> head_activation_op(checkpoint::HeadActivation activation) {
  switch (activation) {
    case checkpoint::HeadActivation::kIdentity:
      return std::nullopt;
    case checkpoint::HeadActivation::kTanh:
      return Op::kTanh;
    case checkpoint::HeadActivation::kRelu:
      return Op::kRelu;
    case checkpoint::HeadActivation::kGelu:
      return Op::kGelu;
    case checkpoint::HeadActivation::kSilu:
      return Op::kSilu;
  }
  return std::nullopt;
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
                     {.layer = layer % kv_layers(config),
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

NodeId sequence_lengths(Builder& b, const StepShape& shape) {
  return b.input("lengths", DType::kI32, {shape.sequences});
}

NodeId encoder_embeddings(Builder& b, const ModelConfig& config, const StepNodes& step) {
  const NodeId words =
      b.weight("embeddings.word_embeddings.weight", {config.vocab_size, config.hidden_size});
  const NodeId places =
      b.weight("embeddings.position_embeddings.weight",
               {config.first_position + config.max_positions, config.hidden_size});
  NodeId position = step.positions;
  if (config.first_position != 0) {
    position = b.input("position_ids", DType::kI32, {b.type(step.positions).dims[0]});
  }
  const NodeId word = b.embed(words, step.tokens);
  return b.add(word, b.embed(places, position));
}

NodeId attend_both_ways(Builder& b, const ModelConfig& config, const StepNodes& step,
                        NodeId lengths, Qkv qkv, std::optional<NodeId> buckets) {
  std::vector<NodeId> inputs = {
      qkv.q, qkv.k, qkv.v, step.positions, step.sequences, step.block_table, lengths};
  if (buckets) inputs.push_back(*buckets);
  return b.attention(std::move(inputs), {.layer = 0,
                                         .kv_heads = config.num_kv_heads,
                                         .head_dim = config.head_dim,
                                         .scale = attention_scale(config)});
}

NodeId encoder_mlp(Builder& b, const ModelConfig& config, NodeId x, const std::string& prefix) {
  NodeId h = linear(b, x, prefix + ".intermediate.dense", config.intermediate_size, true);
  h = b.activation(activation_op(config.activation), h);
  h = linear(b, h, prefix + ".output.dense", config.hidden_size, true);
  return layer_norm(b, b.add(h, x), prefix + ".output.LayerNorm", config.norm_eps);
}

NodeId pooled(Builder& b, const ModelConfig& config, const StepShape& shape, const StepNodes& step,
              NodeId x) {
  const checkpoint::Pooling& pooling = *config.pooling;
  switch (pooling.type) {
    case checkpoint::PoolingType::kCls:
    case checkpoint::PoolingType::kLast:
      x = b.gather_rows(x, step.output_rows);
      break;
    case checkpoint::PoolingType::kMean:
      x = b.pool(Op::kMeanPool, x, step.output_rows, sequence_lengths(b, shape));
      break;
    case checkpoint::PoolingType::kMax:
      x = b.pool(Op::kMaxPool, x, step.output_rows, sequence_lengths(b, shape));
      break;
  }
  for (const checkpoint::DenseLayer& layer : pooling.layers) {
    x = linear(b, x, layer.name, layer.outputs, layer.bias);
    if (const auto op = head_activation_op(layer.activation)) x = b.activation(*op, x);
  }
  return x;
}

NodeId lm_head(Builder& b, const ModelConfig& config, NodeId x, const std::string& embedding) {
  const std::string name = config.tie_word_embeddings ? embedding : "lm_head.weight";
  return b.matmul(x, b.weight(name, {config.vocab_size, b.type(x).dims.back()}));
}

}  // namespace spyre::model
