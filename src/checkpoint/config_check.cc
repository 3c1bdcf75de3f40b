#include "checkpoint/config_check.h"

#include <algorithm>
#include <cmath>

namespace spyre::checkpoint {

namespace {

Status check_longrope(const ModelConfig& c, std::string_view source) {
  const auto pairs = static_cast<size_t>(rotary_columns(c) / 2);
  for (const auto& [key, factors] : {std::pair("short_factor", &c.rope_scaling.short_factors),
                                     std::pair("long_factor", &c.rope_scaling.long_factors)}) {
    const bool positive = std::ranges::all_of(*factors, [](float each) { return each > 0; });
    if (factors->size() == pairs && positive) continue;
    return error(Code::kInvalidArgument, "{}: rope: '{}': wanted {} positive numbers, found {}{}",
                 source, key, pairs, factors->size(), positive ? "" : ", not all positive");
  }
  return {};
}

Status check_rope(const ModelConfig& c, std::string_view source) {
  const bool sound = c.rope_theta > 0 && c.rope_local_theta > 0 && c.partial_rotary_factor > 0 &&
                     c.partial_rotary_factor <= 1;
  if (!sound) {
    return error(
        Code::kInvalidArgument,
        "{}: rope: wanted positive thetas and a rotary part in (0, 1], found {}, {} and {}", source,
        c.rope_theta, c.rope_local_theta, c.partial_rotary_factor);
  }
  const int64_t rotary = rotary_columns(c);
  if (rotary % 2 != 0 || rotary == 0) {
    return error(Code::kInvalidArgument,
                 "{}: rope: {} rotary columns of a head of {}: wanted a positive even number",
                 source, rotary, c.head_dim);
  }
  const bool longrope = c.rope_scaling.kind == RopeScaling::Kind::kLongRope;
  return longrope ? check_longrope(c, source) : Status{};
}

}  // namespace

bool is_encoder(const ModelConfig& config) {
  return config.architecture == "BertModel" || config.architecture == "RobertaModel" ||
         config.architecture == "MPNetModel";
}

bool has_rope(const ModelConfig& config) {
  return !is_encoder(config) && config.architecture != "OPTForCausalLM" &&
         config.architecture != "GPTBigCodeForCausalLM";
}

int64_t rotary_columns(const ModelConfig& config) {
  return static_cast<int64_t>(static_cast<float>(config.head_dim) * config.partial_rotary_factor);
}

float longrope_attention_factor(float ratio, int64_t original_positions) {
  if (ratio <= 1.0f) return 1.0f;
  return std::sqrt(1.0f + std::log(ratio) / std::log(static_cast<float>(original_positions)));
}

Status check_sizes(const ModelConfig& c, std::string_view source) {
  if (c.head_dim < 1) {
    return error(Code::kInvalidArgument, "{}: {} hidden columns are too few for {} attention heads",
                 source, c.hidden_size, c.num_heads);
  }
  if (c.num_heads % c.num_kv_heads != 0) {
    return error(Code::kInvalidArgument,
                 "{}: {} attention heads do not divide into {} key-value heads", source,
                 c.num_heads, c.num_kv_heads);
  }
  if (c.head_dim * c.num_heads > 16 * kMaxWidth) {
    return error(Code::kInvalidArgument,
                 "{}: {} attention heads of {} columns: wanted at most {} "
                 "columns together",
                 source, c.num_heads, c.head_dim, 16 * kMaxWidth);
  }
  return {};
}

Status check_config(const ModelConfig& c, std::string_view source) {
  SPYRE_TRY(check_sizes(c, source));
  if (!(c.norm_eps > 0 && c.norm_eps < 1)) {
    return error(Code::kInvalidArgument,
                 "{}: the norms' epsilon is {}: wanted a number between 0 and 1", source,
                 c.norm_eps);
  }
  return has_rope(c) ? check_rope(c, source) : Status{};
}

}  // namespace spyre::checkpoint
