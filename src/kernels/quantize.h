// One row of floats to int8 blocks of 32 (QuantizedBlock), over a vector wrapper.
#pragma once

#include "kernels/lanes.h"
#include "kernels/layout.h"
#include "kernels/math.h"

namespace spyre::kernels {
namespace {

// Below this a block counts as zero: 127 / max must stay finite.
inline constexpr float kSmallestMax = 0x1p-100f;

template <typename V>
typename V::F load_block_part(const float* x, int64_t at, int64_t count) {
  return load_some<V>(x + at, larger(0, smaller(V::kLanes, count - at)));
}

// count: values left of the row, the rest of the block is 0. A block with an infinity or a NaN
// gets the scale NaN, so that it reaches every output.
template <typename V>
void quantize_block(const float* x, int64_t count, QuantizedBlock& block) {
  using F = typename V::F;
  Lanes16<V> largest(0.0f);
  Lanes16<V> poison(0.0f);
  largest.accumulate(kQuantBlock, [&](F& part, int64_t at, int64_t) {
    part = V::max(V::abs(load_block_part<V>(x, at, count)), part);
  });
  poison.accumulate(kQuantBlock, [&](F& part, int64_t at, int64_t) {
    part = V::fma(load_block_part<V>(x, at, count), V::zero(), part);
  });
  const float bad = poison.sum();
  const float max = largest.max();
  const bool empty = bad != bad || max < kSmallestMax;
  block.scale = bad != bad ? bad : empty ? 0.0f : max / 127.0f;
  int sums[2] = {0, 0};
  if (empty) {
    __builtin_memset(block.q, 0, sizeof(block.q));
  } else {
    const F inverse = V::set1(127.0f / max);
    for (int at = 0; at < kQuantBlock; at += V::kLanes) {
      const F v = V::mul(load_block_part<V>(x, at, count), inverse);
      V::store_i8(block.q + at, round_to_int<V>(v));
    }
    for (int i = 0; i < kQuantBlock; ++i) sums[i / 16] += block.q[i];
  }
  block.half_sums[0] = static_cast<int16_t>(sums[0]);
  block.half_sums[1] = static_cast<int16_t>(sums[1]);
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
