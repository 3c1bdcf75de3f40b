// One row of floats to int8 blocks of 32 (QuantizedBlock), over a vector wrapper.
#pragma once

#include "kernels/lanes.h"
#include "kernels/layout.h"
#include "kernels/math.h"

namespace spyre::kernels {
namespace {

// Magnitudes as integers: the bits of |x| order as |x| does, infinity above all numbers, NaN above
// infinity.
inline constexpr int32_t kMagnitudeBits = 0x7fffffff;
inline constexpr int32_t kInfinityBits = 0x7f800000;
// 2^-100. Below it a block counts as zero: 127 / max must stay finite.
inline constexpr int32_t kSmallestMaxBits = (127 - 100) << 23;

// A block without values worth a scale: all zero, or NaN throughout.
inline void fill_block(QuantizedBlock& block, float scale) {
  __builtin_memset(&block, 0, sizeof(block));
  block.scale = scale;
  block.scaled_sum = scale;
}

// count: values left of the row, the rest of the block is 0.
template <typename V>
void quantize_block(const float* x, int64_t count, QuantizedBlock& block) {
  constexpr int kVectors = kQuantBlock / V::kLanes;
  constexpr int kPerHalf = kVectors / 2;
  typename V::F values[kVectors];
  typename V::I magnitude = V::int1(0);
#pragma GCC unroll 4
  for (int i = 0; i < kVectors; ++i) {
    const int64_t at = i * V::kLanes;
    values[i] = load_some<V>(x + at, larger(0, smaller(V::kLanes, count - at)));
    magnitude = V::max(V::bit_and(V::bits(values[i]), V::int1(kMagnitudeBits)), magnitude);
  }
  const int32_t max_bits = V::max_of(magnitude);
  if (max_bits >= kInfinityBits) return fill_block(block, __builtin_nanf(""));
  if (max_bits < kSmallestMaxBits) return fill_block(block, 0.0f);

  const float max = __builtin_bit_cast(float, max_bits);
  const typename V::F inverse = V::set1(127.0f / max);
  int32_t sums[2];
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
    typename V::I sum = V::int1(0);
#pragma GCC unroll 2
    for (int i = half * kPerHalf; i < (half + 1) * kPerHalf; ++i) {
      const typename V::I q = round_to_int<V>(V::mul(values[i], inverse));
      V::store_i8(block.q + i * V::kLanes, q);
      sum = V::add(sum, q);
    }
    sums[half] = V::sum_of(sum);
    block.half_sums[half] = static_cast<int16_t>(sums[half]);
  }
  block.scale = max / 127.0f;
  block.scaled_sum = block.scale * static_cast<float>(sums[0] + sums[1]);
}

template <typename V>
void quantize_row(const float* x, int64_t columns, std::byte* out) {
  auto* blocks = reinterpret_cast<QuantizedBlock*>(out);
  for (int64_t at = 0; at < columns; at += kQuantBlock) {
    quantize_block<V>(x + at, smaller(kQuantBlock, columns - at), blocks[at / kQuantBlock]);
  }
}

}  // namespace
}  // namespace spyre::kernels
