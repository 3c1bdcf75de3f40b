// What must hold for every ModelConfig, whichever file it came from: limits that keep products of
// sizes far from overflow, and relations between several fields. Knows no spelling of any file.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "checkpoint/model_config.h"

namespace spyre::checkpoint {

// Far above any model, far below what overflows when multiplied.
inline constexpr int64_t kMaxWidth = 1 << 20;
inline constexpr int64_t kMaxVocabulary = 1 << 24;
inline constexpr int64_t kMaxPositions = int64_t{1} << 30;
inline constexpr int64_t kMaxLayers = 4096;

// OPT, GPT-BigCode and encoders look positions up in a learned table instead of rotating.
bool has_rope(const ModelConfig& config);

// Reads a whole text at once and never generates.
bool is_encoder(const ModelConfig& config);

// Rotated columns of a head: the factor's share of head_dim, rounded down.
int64_t rotary_columns(const ModelConfig& config);

// longrope's factor on cos and sin where the file gives none: sqrt(1 + ln(ratio) / ln(original)),
// ratio = extended length / original length (Ding et al. 2024, arXiv 2402.13753).
// original_positions >= 2.
float longrope_attention_factor(float ratio, int64_t original_positions);

// The sizes alone, for readers that compute with them: heads have columns and divide into key-value
// heads, products stay in range.
Status check_sizes(const ModelConfig& config, std::string_view source);

// All of it, sizes too. kInvalidArgument: source, the fields that do not fit, their values.
Status check_config(const ModelConfig& config, std::string_view source);

}  // namespace spyre::checkpoint
