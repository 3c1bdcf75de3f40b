// BERT (arXiv 1810.04805) and RoBERTa (arXiv 1907.11692), which numbers positions from another
// first. All tokens of a text see each other; norms stand behind the residual sums:
//
//   x = norm(word + position + token type)
//   x = norm(x + dense(attention(q, k, v))),  q, k, v = projections of x
//   x = norm(x + dense(activation(dense(x))))
#include "model/blocks.h"
#include "model/families.h"

namespace spyre::model {

graph::Graph build_bert(const BuildRequest& request) {
  const ModelConfig& config = request.config;
  Builder b;
  const StepNodes step = step_inputs(b, request.shape);
  const NodeId lengths = sequence_lengths(b, request.shape);

  NodeId x = encoder_embeddings(b, config, step);
  if (config.num_token_types > 0) {
    const NodeId types = b.input("token_types", graph::DType::kI32, {request.shape.rows});
    const NodeId table = b.weight("embeddings.token_type_embeddings.weight",
                                  {config.num_token_types, config.hidden_size});
    x = b.add(x, b.embed(table, types));
  }
  x = layer_norm(b, x, "embeddings.LayerNorm", config.norm_eps);

  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    const std::string prefix = fmt::format("encoder.layer.{}", layer);
    const std::string self = prefix + ".attention.self.";
    const Qkv qkv = {.q = linear(b, x, self + "query", config.hidden_size, true),
                     .k = linear(b, x, self + "key", config.hidden_size, true),
                     .v = linear(b, x, self + "value", config.hidden_size, true)};
    NodeId h = attend_both_ways(b, config, step, lengths, qkv);
    h = linear(b, h, prefix + ".attention.output.dense", config.hidden_size, true);
    x = layer_norm(b, b.add(h, x), prefix + ".attention.output.LayerNorm", config.norm_eps);
    x = encoder_mlp(b, config, x, prefix);
  }
  return b.finish({pooled(b, config, request.shape, step, x)});
}

}  // namespace spyre::model
