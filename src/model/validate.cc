#include "model/validate.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "model/rope_frequencies.h"

namespace spyre::model {

namespace {

using checkpoint::ModelConfig;
using checkpoint::RopeScaling;

// Far above any model. Together they keep every tensor of a graph within the IR's 2^44 elements:
// the largest are the embedding table, 2^24 x 2^20, and fused projections, 3 * 2^22 x 2^20.
constexpr int64_t kMaxVocabulary = 1 << 24;
constexpr int64_t kMaxWidth = 1 << 20;
constexpr int64_t kMaxHeadsWidth = 1 << 22;
constexpr int64_t kMaxLayers = 1 << 12;
constexpr int64_t kMaxPositions = 1 << 30;
constexpr int64_t kMaxLearnedPositions = 1 << 23;
constexpr int64_t kMaxExperts = 1 << 12;
constexpr int64_t kMaxExpertElements = int64_t{1} << 43;  // of all experts' output matrices
constexpr int64_t kMaxStep = 1 << 20;                     // rows, sequences, blocks

Status in_range(std::string_view field, int64_t found, int64_t low, int64_t high) {
  if (low <= found && found <= high) return {};
  return error(Code::kInvalidArgument, "model config: {}: wanted {} to {}, found {}", field, low,
               high, found);
}

Status positive(std::string_view field, float found) {
  if (found > 0 && std::isfinite(found)) return {};
  return error(Code::kInvalidArgument, "model config: {}: wanted a positive number, found {}",
               field, found);
}

Status finite(std::string_view field, float found) {
  if (std::isfinite(found)) return {};
  return error(Code::kInvalidArgument, "model config: {}: wanted a finite number, found {}", field,
               found);
}

// Zero turns a softcap off.
Status softcap(std::string_view field, float found) {
  if (found == 0.0f || (found > 0 && std::isfinite(found) && std::isfinite(1.0f / found))) {
    return {};
  }
  return error(Code::kInvalidArgument, "model config: {}: wanted 0 or a positive number, found {}",
               field, found);
}

Status check_sizes(const ModelConfig& c) {
  SPYRE_TRY(in_range("vocab_size", c.vocab_size, 1, kMaxVocabulary));
  SPYRE_TRY(in_range("hidden_size", c.hidden_size, 1, kMaxWidth));
  SPYRE_TRY(in_range("intermediate_size", c.intermediate_size, 1, kMaxWidth));
  SPYRE_TRY(in_range("num_layers", c.num_layers, 1, kMaxLayers));
  SPYRE_TRY(in_range("max_positions", c.max_positions, 1, kMaxPositions));
  return in_range("embedding_projection_dim", c.embedding_projection_dim, 0, kMaxWidth);
}

Status check_heads(const ModelConfig& c) {
  SPYRE_TRY(in_range("num_heads", c.num_heads, 1, kMaxWidth));
  SPYRE_TRY(in_range("num_kv_heads", c.num_kv_heads, 1, c.num_heads));
  SPYRE_TRY(in_range("head_dim", c.head_dim, 1, kMaxHeadsWidth / c.num_heads));
  if (c.num_heads % c.num_kv_heads == 0) return {};
  return error(Code::kInvalidArgument,
               "model config: num_kv_heads: wanted a divisor of num_heads {}, found {}",
               c.num_heads, c.num_kv_heads);
}

Status check_layer_windows(const ModelConfig& c) {
  if (c.layer_windows.size() != static_cast<size_t>(c.num_layers)) {
    return error(Code::kInvalidArgument,
                 "model config: layer_windows: wanted an entry for each of {} layers, found {}",
                 c.num_layers, c.layer_windows.size());
  }
  for (const int64_t window : c.layer_windows) {
    SPYRE_TRY(in_range("layer_windows", window, 0, kMaxPositions));
  }
  return {};
}

Status check_numbers(const ModelConfig& c) {
  SPYRE_TRY(positive("norm_eps", c.norm_eps));
  SPYRE_TRY(finite("attention_multiplier", c.attention_multiplier.value_or(1.0f)));
  SPYRE_TRY(positive("query_pre_attention_scalar", c.query_pre_attention_scalar.value_or(1.0f)));
  SPYRE_TRY(finite("embedding_multiplier", c.embedding_multiplier));
  SPYRE_TRY(finite("residual_multiplier", c.residual_multiplier));
  SPYRE_TRY(finite("logits_scaling", c.logits_scaling));
  SPYRE_TRY(finite("logits_scaling (its inverse)", 1.0f / c.logits_scaling));
  SPYRE_TRY(softcap("attention_softcap", c.attention_softcap));
  return softcap("final_softcap", c.final_softcap);
}

// One positive divisor for each rotary pair.
Status check_factors(std::string_view field, const std::vector<float>& factors, int64_t pairs) {
  if (factors.size() != static_cast<size_t>(pairs)) {
    return error(Code::kInvalidArgument,
                 "model config: rope_scaling.{}: wanted {} numbers, one a rotary pair, found {}",
                 field, pairs, factors.size());
  }
  for (const float factor : factors) {
    SPYRE_TRY(positive(fmt::format("rope_scaling.{}", field), factor));
  }
  return {};
}

Status check_llama3(const RopeScaling& scaling) {
  SPYRE_TRY(positive("rope_scaling.factor", scaling.factor));
  SPYRE_TRY(positive("rope_scaling.low_freq_factor", scaling.low_freq_factor));
  SPYRE_TRY(positive("rope_scaling.high_freq_factor", scaling.high_freq_factor));
  SPYRE_TRY(in_range("rope_scaling.original_max_positions", scaling.original_max_positions, 1,
                     kMaxPositions));
  if (scaling.low_freq_factor < scaling.high_freq_factor) return {};
  return error(Code::kInvalidArgument,
               "model config: rope_scaling.high_freq_factor: wanted more than low_freq_factor {}, "
               "found {}",
               scaling.low_freq_factor, scaling.high_freq_factor);
}

Status check_scaling(const RopeScaling& scaling, int64_t pairs) {
  switch (scaling.kind) {
    case RopeScaling::Kind::kNone:
      return {};
    case RopeScaling::Kind::kLinear:
      return positive("rope_scaling.factor", scaling.factor);
    case RopeScaling::Kind::kLlama3:
      return check_llama3(scaling);
    case RopeScaling::Kind::kLongRope:
      SPYRE_TRY(in_range("rope_scaling.original_max_positions", scaling.original_max_positions, 1,
                         kMaxPositions));
      SPYRE_TRY(finite("rope_scaling.attention_factor", scaling.attention_factor.value_or(1.0f)));
      SPYRE_TRY(check_factors("short_factors", scaling.short_factors, pairs));
      return check_factors("long_factors", scaling.long_factors, pairs);
    case RopeScaling::Kind::kFrequencyFactors:
      return check_factors("long_factors", scaling.long_factors, pairs);
  }
  return error(Code::kInvalidArgument, "model config: rope_scaling.kind: unknown kind {}",
               static_cast<int>(scaling.kind));
}

Status check_rope(const ModelConfig& c, int64_t max_model_len) {
  SPYRE_TRY(positive("rope_theta", c.rope_theta));
  SPYRE_TRY(positive("rope_local_theta", c.rope_local_theta));
  if (!(c.partial_rotary_factor > 0 && c.partial_rotary_factor <= 1)) {
    return error(Code::kInvalidArgument,
                 "model config: partial_rotary_factor: wanted more than 0, at most 1, found {}",
                 c.partial_rotary_factor);
  }
  const int64_t rotary = rotary_dim(c);
  if (rotary < 2 || rotary % 2 != 0) {
    return error(Code::kInvalidArgument,
                 "model config: head_dim: wanted a positive even number of rotary columns, found "
                 "{} of {} (partial_rotary_factor {})",
                 rotary, c.head_dim, c.partial_rotary_factor);
  }
  SPYRE_TRY(check_scaling(c.rope_scaling, rotary / 2));
  for (const float each : rope_frequencies(c, max_model_len).values) {
    SPYRE_TRY(finite("rope_theta (a frequency of it and rope_scaling)", each));
  }
  for (const float each : unscaled_frequencies(c.rope_local_theta, rotary).values) {
    SPYRE_TRY(finite("rope_local_theta (a frequency of it)", each));
  }
  return {};
}

Status check_learned_positions(const ModelConfig& c, int64_t max_model_len) {
  SPYRE_TRY(in_range("max_positions", c.max_positions, 1, kMaxLearnedPositions));
  if (max_model_len <= c.max_positions) return {};
  return error(Code::kInvalidArgument,
               "max_model_len: wanted at most the model's {} learned positions, found {}",
               c.max_positions, max_model_len);
}

Status check_experts(const ModelConfig& c) {
  SPYRE_TRY(
      in_range("num_experts", c.num_experts, 1,
               std::min(kMaxExperts, kMaxExpertElements / (c.hidden_size * c.intermediate_size))));
  return in_range("experts_per_token", c.experts_per_token, 1, c.num_experts);
}

Status check_fused_mha(const ModelConfig& c) {
  if (c.num_heads * c.head_dim != c.hidden_size) {
    return error(Code::kInvalidArgument,
                 "model config: head_dim: wanted hidden_size {} / num_heads {}, found {}",
                 c.hidden_size, c.num_heads, c.head_dim);
  }
  if (c.num_kv_heads == 1 || c.num_kv_heads == c.num_heads) return {};
  return error(Code::kInvalidArgument, "model config: num_kv_heads: wanted 1 or {}, found {}",
               c.num_heads, c.num_kv_heads);
}

// Queries as wide as hidden states, a KV head each.
Status check_encoder(const ModelConfig& c) {
  SPYRE_TRY(in_range("num_token_types", c.num_token_types, 0, kMaxVocabulary));
  SPYRE_TRY(in_range("first_position", c.first_position, 0, kMaxLearnedPositions));
  SPYRE_TRY(in_range("num_kv_heads", c.num_kv_heads, c.num_heads, c.num_heads));
  return in_range("num_heads * head_dim", c.num_heads * c.head_dim, c.hidden_size, c.hidden_size);
}

// Layers of the head follow each other.
Status check_pooling(const ModelConfig& c, Pools pools) {
  if (c.pooling.has_value() != (pools == Pools::kAlways) && pools != Pools::kCan) {
    return error(Code::kUnsupported, "architecture '{}': wanted a model that {}", c.architecture,
                 c.pooling ? "gives vectors (embeddings, scores or classes); it generates text"
                           : "generates text; it gives vectors");
  }
  if (!c.pooling) return {};
  int64_t columns = c.hidden_size;
  for (const checkpoint::DenseLayer& layer : c.pooling->layers) {
    SPYRE_TRY(in_range(layer.name + ": inputs", layer.inputs, columns, columns));
    SPYRE_TRY(in_range(layer.name + ": outputs", layer.outputs, 1, kMaxWidth));
    columns = layer.outputs;
  }
  return {};
}

}  // namespace

Status validate(const ModelConfig& config, const FamilyNeeds& needs, int64_t max_model_len) {
  SPYRE_TRY(check_sizes(config));
  SPYRE_TRY(check_heads(config));
  SPYRE_TRY(check_layer_windows(config));
  SPYRE_TRY(check_numbers(config));
  if (needs.rotary) {
    SPYRE_TRY(check_rope(config, max_model_len));
  } else {
    SPYRE_TRY(check_learned_positions(config, max_model_len));
  }
  if (needs.experts) SPYRE_TRY(check_experts(config));
  if (needs.fused_mha) SPYRE_TRY(check_fused_mha(config));
  if (needs.pooling == Pools::kAlways) SPYRE_TRY(check_encoder(config));
  if (needs.buckets) {
    SPYRE_TRY(in_range("relative_position_buckets", config.relative_position_buckets, 4, 1 << 16));
    SPYRE_TRY(
        in_range("relative_position_buckets (odd)", config.relative_position_buckets % 2, 0, 0));
  }
  return check_pooling(config, needs.pooling);
}

Status validate(const StepShape& shape) {
  for (const auto& [field, value] : {std::pair<std::string_view, int64_t>("rows", shape.rows),
                                     {"sequences", shape.sequences},
                                     {"max_blocks", shape.max_blocks},
                                     {"output_rows", shape.output_rows}}) {
    if (value >= 1 && value <= kMaxStep) continue;
    return error(Code::kInvalidArgument, "step shape: {}: wanted 1 to {}, found {}", field,
                 kMaxStep, value);
  }
  return {};
}

}  // namespace spyre::model
