// OPT (arXiv 2205.01068): learned positions shifted by two, layer norms before or after each block,
// biases everywhere, and in some sizes embeddings narrower than the hidden states, projected in and
// out.
#include "model/blocks.h"
#include "model/families.h"

namespace spyre::model {

namespace {

constexpr int64_t kPositionOffset = 2;

}  // namespace

graph::Graph build_opt(const BuildRequest& request) {
  const ModelConfig& config = request.config;
  Builder b;
  const StepNodes step = step_inputs(b, request.shape);
  const int64_t hidden = config.hidden_size;
  const int64_t width =
      config.embedding_projection_dim > 0 ? config.embedding_projection_dim : hidden;
  const std::string decoder = "model.decoder";
  const auto norm = [&](NodeId x, const std::string& name) {
    return layer_norm(b, x, name, config.norm_eps);
  };

  const std::string embedding = decoder + ".embed_tokens.weight";
  NodeId x = b.embed(b.weight(embedding, {config.vocab_size, width}), step.tokens);
  if (width != hidden) x = linear(b, x, decoder + ".project_in", hidden);
  const NodeId table = b.weight(decoder + ".embed_positions.weight",
                                {config.max_positions + kPositionOffset, hidden});
  x = b.add(x, b.embed(table, b.add_offset(step.positions, kPositionOffset)));

  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    const std::string prefix = fmt::format("{}.layers.{}", decoder, layer);
    const std::string attention_norm = prefix + ".self_attn_layer_norm";
    const std::string final_norm = prefix + ".final_layer_norm";
    NodeId h = config.norm_before ? norm(x, attention_norm) : x;
    h = attend(b, config, step, layer, project_qkv(b, config, h, prefix + ".self_attn"));
    h = linear(b, h, prefix + ".self_attn.out_proj", hidden, config.attention_output_bias);
    x = b.add(x, h);
    if (!config.norm_before) x = norm(x, attention_norm);

    h = config.norm_before ? norm(x, final_norm) : x;
    h = linear(b, h, prefix + ".fc1", config.intermediate_size, config.mlp_bias);
    h = b.activation(activation_op(config.activation), h);
    x = b.add(x, linear(b, h, prefix + ".fc2", hidden, config.mlp_bias));
    if (!config.norm_before) x = norm(x, final_norm);
  }

  x = b.gather_rows(x, step.output_rows);
  if (config.norm_before && config.final_norm) x = norm(x, decoder + ".final_layer_norm");
  if (width != hidden) x = linear(b, x, decoder + ".project_out", width);
  return b.finish({lm_head(b, config, x, embedding)});
}

}  // namespace spyre::model
