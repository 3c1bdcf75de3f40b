// MPNet (arXiv 2004.09297): BERT without token types, with a bias on attention's scores by the
// distance of two tokens, one table for all layers.
#include "model/blocks.h"
#include "model/families.h"

namespace spyre::model {

graph::Graph build_mpnet(const BuildRequest& request) {
  const ModelConfig& config = request.config;
  Builder b;
  const StepNodes step = step_inputs(b, request.shape);
  const NodeId lengths = sequence_lengths(b, request.shape);
  const NodeId buckets = b.weight("encoder.relative_attention_bias.weight",
                                  {config.relative_position_buckets, config.num_heads});

  NodeId x = encoder_embeddings(b, config, step);
  x = layer_norm(b, x, "embeddings.LayerNorm", config.norm_eps);

  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    const std::string prefix = fmt::format("encoder.layer.{}", layer);
    const std::string self = prefix + ".attention.attn.";
    const Qkv qkv = {.q = linear(b, x, self + "q", config.hidden_size, true),
                     .k = linear(b, x, self + "k", config.hidden_size, true),
                     .v = linear(b, x, self + "v", config.hidden_size, true)};
    NodeId h = attend_both_ways(b, config, step, lengths, qkv, buckets);
    h = linear(b, h, self + "o", config.hidden_size, true);
    x = layer_norm(b, b.add(h, x), prefix + ".attention.LayerNorm", config.norm_eps);
    x = encoder_mlp(b, config, x, prefix);
  }
  return b.finish({pooled(b, config, request.shape, step, x)});
}

}  // namespace spyre::model
