// The attention op of the eager backend: writes the step's keys and values, then attends tile by
// tile of rows.
#pragma once

#include <span>

#include "backend/eager/context.h"

namespace spyre::backend {

struct AttentionStep {
  const float* q;  // [rows, heads * head_dim]
  const float* k;  // [rows, kv_heads * head_dim]
  const float* v;
  float* out;  // [rows, heads * head_dim]
  int64_t rows;
  int64_t heads;
  int64_t layer;
  const int32_t* positions;    // [rows]
  const int32_t* sequences;    // [rows]
  const int32_t* block_table;  // [sequences, max_blocks]
  int64_t max_blocks;
  float scale;
  float softcap;
  int64_t window;
  const int32_t* lengths;       // [sequences]; null: causal
  std::span<const float> bias;  // relative_bias(); empty: none
};

// Scratch of all threads together, in bytes.
size_t attention_scratch_bytes(const KvCacheShape& kv_cache, int64_t heads, int threads);

void run_attention(EagerContext& context, const AttentionStep& step);

}  // namespace spyre::backend
