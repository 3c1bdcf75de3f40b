// GPT-BigCode (StarCoder, arXiv 2305.06161): GPT-2 with learned positions, layer norms and one key
// and value head for all query heads (arXiv 1911.02150), or one for each.
#include "model/blocks.h"
#include "model/families.h"

namespace spyre::model {

namespace {

// Of c_attn's columns: with one KV head q, k and v side by side; else head after head, each with
// its own q, k and v side by side.
Qkv split_heads(Builder& b, const ModelConfig& config, NodeId fused) {
  if (config.num_kv_heads == 1) return split_qkv(b, config, fused);
  const int64_t width = config.head_dim;
  const int64_t run = 3 * width;
  return {.q = b.slice_heads(fused, run, 0, width),
          .k = b.slice_heads(fused, run, width, width),
          .v = b.slice_heads(fused, run, 2 * width, width)};
}

}  // namespace

graph::Graph build_gpt_bigcode(const BuildRequest& request) {
  const ModelConfig& config = request.config;
  Builder b;
  const StepNodes step = step_inputs(b, request.shape);
  const int64_t hidden = config.hidden_size;
  const int64_t kv_width = config.num_kv_heads * config.head_dim;

  const std::string embedding = "transformer.wte.weight";
  const NodeId tokens = b.embed(b.weight(embedding, {config.vocab_size, hidden}), step.tokens);
  const NodeId positions =
      b.embed(b.weight("transformer.wpe.weight", {config.max_positions, hidden}), step.positions);
  NodeId x = b.add(tokens, positions);

  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    const std::string prefix = fmt::format("transformer.h.{}", layer);
    NodeId h = layer_norm(b, x, prefix + ".ln_1", config.norm_eps);
    const NodeId fused = linear(b, h, prefix + ".attn.c_attn", hidden + 2 * kv_width, true);
    h = attend(b, config, step, layer, split_heads(b, config, fused));
    x = b.add(x, linear(b, h, prefix + ".attn.c_proj", hidden, true));

    h = layer_norm(b, x, prefix + ".ln_2", config.norm_eps);
    h = linear(b, h, prefix + ".mlp.c_fc", config.intermediate_size, true);
    h = b.activation(activation_op(config.activation), h);
    x = b.add(x, linear(b, h, prefix + ".mlp.c_proj", hidden, true));
  }

  x = layer_norm(b, b.gather_rows(x, step.output_rows), "transformer.ln_f", config.norm_eps);
  return b.finish({lm_head(b, config, x, embedding)});
}

}  // namespace spyre::model
