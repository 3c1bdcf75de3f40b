// Llama (arXiv 2307.09288) and the families that are Llama with other numbers: Mistral (sliding
// windows, arXiv 2310.06825), Qwen2 (q, k, v biases, arXiv 2407.10671), Granite (four multipliers).
// A layer, where r is Granite's residual multiplier, else 1:
//
//   x += r * o_proj(attention(rope(q, k), v)),  q, k, v = projections of input_layernorm(x)
//   x += r * gated_mlp(post_attention_layernorm(x))
#include "model/blocks.h"
#include "model/families.h"

namespace spyre::model {

graph::Graph build_llama(const BuildRequest& request) {
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
    h = gated_mlp(b, config, h, prefix + ".mlp");
    x = b.add(x, b.scale(h, config.residual_multiplier));
  }

  if (config.pooling) {
    x = rms_norm(b, x, "model.norm", config.norm_eps);
    return b.finish({pooled(b, config, request.shape, step, x)});
  }
  x = rms_norm(b, b.gather_rows(x, step.output_rows), "model.norm", config.norm_eps);
  return b.finish({b.scale(lm_head(b, config, x, embedding), 1.0f / config.logits_scaling)});
}

}  // namespace spyre::model
