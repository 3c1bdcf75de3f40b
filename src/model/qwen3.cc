// Qwen3 (arXiv 2505.09388): Llama with an RMS norm over each head of q and k before the rotation.
#include "model/blocks.h"
#include "model/families.h"

namespace spyre::model {

graph::Graph build_qwen3(const BuildRequest& request) {
  const ModelConfig& config = request.config;
  Builder b;
  const StepNodes step = step_inputs(b, request.shape);
  const Rope rope =
      rope_constant(b, "rope.frequencies", rope_frequencies(config, request.max_model_len));

  const std::string embedding = "model.embed_tokens.weight";
  NodeId x = b.embed(b.weight(embedding, {config.vocab_size, config.hidden_size}), step.tokens);

  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    const std::string prefix = fmt::format("model.layers.{}", layer);
    const std::string attention = prefix + ".self_attn";
    NodeId h = rms_norm(b, x, prefix + ".input_layernorm", config.norm_eps);
    Qkv qkv = project_qkv(b, config, h, attention);
    qkv.q = head_norm(b, config, qkv.q, attention + ".q_norm");
    qkv.k = head_norm(b, config, qkv.k, attention + ".k_norm");
    h = attend(b, config, step, layer, rotate(b, config, step, rope, qkv));
    x = b.add(
        x, linear(b, h, attention + ".o_proj", config.hidden_size, config.attention_output_bias));

    h = rms_norm(b, x, prefix + ".post_attention_layernorm", config.norm_eps);
    x = b.add(x, gated_mlp(b, config, h, prefix + ".mlp"));
  }

  if (config.pooling) {
    x = rms_norm(b, x, "model.norm", config.norm_eps);
    return b.finish({pooled(b, config, request.shape, step, x)});
  }
  x = rms_norm(b, b.gather_rows(x, step.output_rows), "model.norm", config.norm_eps);
  return b.finish({lm_head(b, config, x, embedding)});
}

}  // namespace spyre::model
