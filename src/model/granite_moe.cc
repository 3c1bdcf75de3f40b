// GraniteMoe: Granite whose MLP is a mixture of experts, routed token by token (arXiv 1701.06538;
// expert weights stacked, gate rows before up rows).
#include "model/blocks.h"
#include "model/families.h"

namespace spyre::model {

namespace {

NodeId expert_mlp(Builder& b, const ModelConfig& config, NodeId x, const std::string& prefix) {
  const int64_t experts = config.num_experts;
  const int64_t inner = config.intermediate_size;
  const NodeId router_logits = linear(b, x, prefix + ".router.layer", experts);
  const NodeId w_in =
      b.weight(prefix + ".input_linear.weight", {experts, 2 * inner, config.hidden_size});
  const NodeId w_out =
      b.weight(prefix + ".output_linear.weight", {experts, config.hidden_size, inner});
  return b.moe_mlp(x, router_logits, w_in, w_out, config.experts_per_token,
                   activation_op(config.activation));
}

}  // namespace

graph::Graph build_granite_moe(const BuildRequest& request) {
  const ModelConfig& config = request.config;
  Builder b;
  const StepNodes step = step_inputs(b, request.shape);
  const Rope rope =
      rope_constant(b, "rope.frequencies", rope_frequencies(config, request.max_model_len));

  const std::string embedding = "model.embed_tokens.weight";
  NodeId x = b.embed(b.weight(embedding, {config.vocab_size, config.hidden_size}), step.tokens);
  x = b.scale(x, config.embedding_multiplier);

  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    const std::string prefix = fmt::format("model.layers.{}", layer);
    NodeId h = rms_norm(b, x, prefix + ".input_layernorm", config.norm_eps);
    const Qkv qkv = project_qkv(b, config, h, prefix + ".self_attn");
    h = attend(b, config, step, layer, rotate(b, config, step, rope, qkv));
    h = linear(b, h, prefix + ".self_attn.o_proj", config.hidden_size,
               config.attention_output_bias);
    x = b.add(x, b.scale(h, config.residual_multiplier));

    h = rms_norm(b, x, prefix + ".post_attention_layernorm", config.norm_eps);
    h = expert_mlp(b, config, h, prefix + ".block_sparse_moe");
    x = b.add(x, b.scale(h, config.residual_multiplier));
  }

  x = rms_norm(b, b.gather_rows(x, step.output_rows), "model.norm", config.norm_eps);
  return b.finish({b.scale(lm_head(b, config, x, embedding), 1.0f / config.logits_scaling)});
}

}  // namespace spyre::model
