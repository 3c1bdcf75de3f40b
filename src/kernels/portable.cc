// The parts of the contract that no tier specialises: sizes of scratch and quantized rows, writing
// keys and values, and the choice of a tier.
#include <algorithm>
#include <cstring>

#include "base/half.h"
#include "kernels/kernels.h"
#include "kernels/layout.h"
#include "kernels/tiers.h"

namespace spyre::kernels {

namespace {

constexpr float kMaxF16 = 65504.0f;

void store(Format format, float value, std::byte* base, int64_t index) {
  if (format == Format::kF32) {
    std::memcpy(base + index * 4, &value, sizeof(value));
    return;
  }
  // A NaN stays one: it compares false with both bounds.
  const float in_range = value > kMaxF16 ? kMaxF16 : value < -kMaxF16 ? -kMaxF16 : value;
  const uint16_t bits = format == Format::kF16 ? f32_to_f16(in_range) : f32_to_bf16(value);
  std::memcpy(base + index * 2, &bits, sizeof(bits));
}

}  // namespace

size_t quantized_row_bytes(int64_t columns) {
  return static_cast<size_t>((columns + kQuantBlock - 1) / kQuantBlock) * sizeof(QuantizedBlock);
}

// Per row and query head: scores, output, maximum and sum of a chunk; maximum and sum so far.
size_t attention_scratch_floats(int64_t pairs, int64_t head_dim) {
  return static_cast<size_t>(pairs * (kAttentionChunk + head_dim + 4));
}

int64_t attention_tile_rows(int64_t group) {
  constexpr int64_t kPairs = 24;
  return std::max<int64_t>(kPairs / group, 1);
}

void write_kv(Format kv_format, const float* k, const float* v, int64_t head_dim, int64_t slot,
              std::byte* k_block, std::byte* v_block) {
  for (int64_t d = 0; d < head_dim; ++d) {
    store(kv_format, k[d], k_block, d * kKvBlockTokens + slot);
    store(kv_format, v[d], v_block, slot * head_dim + d);
  }
}

const KernelTable& kernel_table(Isa isa) {
  switch (isa) {
#define SPYRE_ISA(tier, word) \
  case Isa::tier:             \
    return word##_table();
#include "kernels/isa_list.inc"
  }
  return scalar_table();
}

}  // namespace spyre::kernels
