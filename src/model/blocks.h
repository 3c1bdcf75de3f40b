// What families share: the inputs of a step, rotary attention, gated MLPs, the way from hidden
// states to logits. A family passes weight names and numbers; nothing here asks which family it
// serves.
#pragma once

#include <optional>
#include <string>

#include "checkpoint/model_config.h"
#include "graph/builder.h"
#include "model/model.h"
#include "model/rope_frequencies.h"

namespace spyre::model {

using checkpoint::ModelConfig;
using graph::Builder;
using graph::NodeId;

struct StepNodes {
  NodeId tokens;
  NodeId positions;
  NodeId sequences;
  NodeId block_table;
  NodeId output_rows;
};
StepNodes step_inputs(Builder& b, const StepShape& shape);

// x times the weight "name.weight" [outputs, columns of x], plus "name.bias" when asked for.
NodeId linear(Builder& b, NodeId x, const std::string& name, int64_t outputs, bool bias = false);
// rms_norm with "name.weight".
NodeId rms_norm(Builder& b, NodeId x, const std::string& name, float eps, float offset = 0.0f);
// rms_norm of every head on its own, with "name.weight" [head_dim].
NodeId head_norm(Builder& b, const ModelConfig& config, NodeId x, const std::string& name,
                 float offset = 0.0f);
// layer_norm with "name.weight" and "name.bias".
NodeId layer_norm(Builder& b, NodeId x, const std::string& name, float eps);

graph::Op activation_op(checkpoint::ActivationFunction function);
// 1 / sqrt(head_dim) unless the config has its own scale.
float attention_scale(const ModelConfig& config);

struct Rope {
  NodeId frequencies;
  float factor;
};
Rope rope_constant(Builder& b, const std::string& name, const RopeFrequencies& frequencies);

struct Qkv {
  NodeId q;  // [T, heads * head_dim]
  NodeId k;  // [T, kv_heads * head_dim]
  NodeId v;
};
// The three projections of "prefix.q_proj", "k_proj" and "v_proj".
Qkv project_qkv(Builder& b, const ModelConfig& config, NodeId x, const std::string& prefix);
// The same out of one matrix whose columns are q, k and v side by side.
Qkv split_qkv(Builder& b, const ModelConfig& config, NodeId fused);
// Rotates q and k.
Qkv rotate(Builder& b, const ModelConfig& config, const StepNodes& step, const Rope& rope, Qkv qkv);
// Cached attention of one layer with the config's heads, scale, softcap and window.
NodeId attend(Builder& b, const ModelConfig& config, const StepNodes& step, int64_t layer, Qkv qkv);

// down(activation(gate(x)) * up(x)) (SwiGLU and kin, arXiv 2002.05202), weights "prefix.gate_proj",
// "up_proj", "down_proj".
NodeId gated_mlp(Builder& b, const ModelConfig& config, NodeId x, const std::string& prefix);

// Tokens of each sequence, an input of [S].
NodeId sequence_lengths(Builder& b, const StepShape& shape);

// --- encoders, in BERT's names
// Word and position embeddings, added.
NodeId encoder_embeddings(Builder& b, const ModelConfig& config, const StepNodes& step);
// Attention of every token to all of its sequence. buckets: weight of the bias by distance.
NodeId attend_both_ways(Builder& b, const ModelConfig& config, const StepNodes& step,
                        NodeId lengths, Qkv qkv, std::optional<NodeId> buckets = std::nullopt);
// norm(x + dense(activation(dense(x)))).
NodeId encoder_mlp(Builder& b, const ModelConfig& config, NodeId x, const std::string& prefix);

// What config.pooling makes of the last hidden states [T, H]: [R, columns].
NodeId pooled(Builder& b, const ModelConfig& config, const StepShape& shape, const StepNodes& step,
              NodeId x);

// Logits [R, vocab] of normalised hidden states [R, H]: the tied embedding table or
// "lm_head.weight".
NodeId lm_head(Builder& b, const ModelConfig& config, NodeId x, const std::string& embedding);

}  // namespace spyre::model
