// Phi-3 and Phi-4-mini (arXiv 2404.14219): Llama with q, k, v in one matrix and gate, up in
// another, rotation of a part of each head, and longrope frequencies.
#include "model/blocks.h"
#include "model/families.h"

namespace spyre::model {

namespace {

NodeId fused_gated_mlp(Builder& b, const ModelConfig& config, NodeId x, const std::string& prefix) {
  const int64_t inner = config.intermediate_size;
  const NodeId fused = linear(b, x, prefix + ".gate_up_proj", 2 * inner);
  const NodeId gate = b.slice(fused, 0, inner);
  const NodeId up = b.slice(fused, inner, inner);
  const NodeId product = b.mul(b.activation(activation_op(config.activation), gate), up);
  return linear(b, product, prefix + ".down_proj", config.hidden_size);
}

}  // namespace

graph::Graph build_phi3(const BuildRequest& request) {
  const ModelConfig& config = request.config;
  Builder b;
  const StepNodes step = step_inputs(b, request.shape);
  const Rope rope =
      rope_constant(b, "rope.frequencies", rope_frequencies(config, request.max_model_len));
  const int64_t qkv_width = (config.num_heads + 2 * config.num_kv_heads) * config.head_dim;

  const std::string embedding = "model.embed_tokens.weight";
  NodeId x = b.embed(b.weight(embedding, {config.vocab_size, config.hidden_size}), step.tokens);

  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    const std::string prefix = fmt::format("model.layers.{}", layer);
    NodeId h = rms_norm(b, x, prefix + ".input_layernorm", config.norm_eps);
    const NodeId fused = linear(b, h, prefix + ".self_attn.qkv_proj", qkv_width);
    const Qkv qkv = rotate(b, config, step, rope, split_qkv(b, config, fused));
    h = attend(b, config, step, layer, qkv);
    x = b.add(x, linear(b, h, prefix + ".self_attn.o_proj", config.hidden_size));

    h = rms_norm(b, x, prefix + ".post_attention_layernorm", config.norm_eps);
    x = b.add(x, fused_gated_mlp(b, config, h, prefix + ".mlp"));
  }

  x = rms_norm(b, b.gather_rows(x, step.output_rows), "model.norm", config.norm_eps);
  return b.finish({lm_head(b, config, x, embedding)});
}

}  // namespace spyre::model
