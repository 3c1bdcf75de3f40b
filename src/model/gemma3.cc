// Gemma 3, text only (arXiv 2503.19786): embeddings times sqrt(hidden), norms with weight 1 + w
// before and after each block, head norms on q and k, and two kinds of layers: sliding windows with
// their own rotary base, and full attention.
#include <cmath>

#include "model/blocks.h"
#include "model/families.h"

namespace spyre::model {

namespace {

NodeId softcap(Builder& b, NodeId x, float cap) {
  if (cap == 0.0f) return x;
  return b.scale(b.activation(graph::Op::kTanh, b.scale(x, 1.0f / cap)), cap);
}

}  // namespace

graph::Graph build_gemma3(const BuildRequest& request) {
  const ModelConfig& config = request.config;
  Builder b;
  const StepNodes step = step_inputs(b, request.shape);
  const Rope global =
      rope_constant(b, "rope.frequencies", rope_frequencies(config, request.max_model_len));
  const Rope local =
      rope_constant(b, "rope.local_frequencies",
                    unscaled_frequencies(config.rope_local_theta, rotary_dim(config)));
  const float offset = config.norm_offset_stored ? 0.0f : 1.0f;
  const auto norm = [&](NodeId x, const std::string& name) {
    return rms_norm(b, x, name, config.norm_eps, offset);
  };

  const std::string embedding = "model.embed_tokens.weight";
  NodeId x = b.embed(b.weight(embedding, {config.vocab_size, config.hidden_size}), step.tokens);
  x = b.scale(x, std::sqrt(static_cast<float>(config.hidden_size)));

  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    const std::string prefix = fmt::format("model.layers.{}", layer);
    const std::string attention = prefix + ".self_attn";
    const bool is_local = config.layer_windows[static_cast<size_t>(layer)] > 0;
    NodeId h = norm(x, prefix + ".input_layernorm");
    Qkv qkv = project_qkv(b, config, h, attention);
    qkv.q = head_norm(b, config, qkv.q, attention + ".q_norm", offset);
    qkv.k = head_norm(b, config, qkv.k, attention + ".k_norm", offset);
    h = attend(b, config, step, layer, rotate(b, config, step, is_local ? local : global, qkv));
    h = linear(b, h, attention + ".o_proj", config.hidden_size, config.attention_output_bias);
    x = b.add(x, norm(h, prefix + ".post_attention_layernorm"));

    h = gated_mlp(b, config, norm(x, prefix + ".pre_feedforward_layernorm"), prefix + ".mlp");
    x = b.add(x, norm(h, prefix + ".post_feedforward_layernorm"));
  }

  x = norm(b.gather_rows(x, step.output_rows), "model.norm");
  return b.finish({softcap(b, lm_head(b, config, x, embedding), config.final_softcap)});
}

}  // namespace spyre::model
