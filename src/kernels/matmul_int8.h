// Integer weights against int8 rows. A block's 32 x 16 weights are unpacked once for up to
// kMatmulRows rows of input; integer sums need no horizontal step as lanes are outputs.
#pragma once

#include "kernels/matmul_int8_tiles.h"
#include "kernels/matmul_tiles.h"
#include "kernels/weight_block.h"

namespace spyre::kernels {
namespace {

// The exact sum over the block of (level - zero) * q, Q6_K's scales of 16 included: there at most
// 2 * 128 * 16 * 32 * 127 < 2^24, so its conversion to float is exact as well.
template <typename V, Format kFormat>
typename V::I block_sum(const WeightBlock<V, kFormat>& w, const QuantizedBlock& a) {
  using Block = WeightBlock<V, kFormat>;
  using I = typename V::I;
  I sum;
  if constexpr (Block::kSixK) {
    const I first = V::template dot<6, 4>(V::int1(0), w.quads, a.q);
    const I second = V::template dot<6, 4>(V::int1(0), w.quads + 4, a.q + 16);
    sum = V::add(V::mul(first, w.sub[0]), V::mul(second, w.sub[1]));
  } else {
    sum = V::template dot<Block::kBits, 8>(V::int1(0), w.quads, a.q);
  }
  if constexpr (Block::kHasZero) sum = V::dot_pair(sum, w.zero, a.half_sums);
  return sum;
}

template <typename V, Format kFormat, int kRows>
void int8_tile(const MatmulArgs& args, const std::byte* panel, int64_t row, int64_t column,
               int64_t lane, int64_t prefetch) {
  using F = typename V::F;
  using Block = WeightBlock<V, kFormat>;
  F sums[kRows];
  F mins[kRows];
  const QuantizedBlock* inputs[kRows];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    sums[r] = V::zero();
    mins[r] = V::zero();
    inputs[r] = input_row<QuantizedBlock>(args, row + r);
  }
  for_blocks<V, kFormat>(*args.weights, panel, lane, prefetch, [&](const Block& block, int64_t b) {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const QuantizedBlock& input = inputs[r][b];
      const F scale = V::mul(block.scale, V::set1(input.scale));
      sums[r] = V::fma(V::to_float(block_sum<V, kFormat>(block, input)), scale, sums[r]);
      if constexpr (Block::kLayout.has_min) {
        mins[r] = V::fma(block.min, V::set1(input.scaled_sum), mins[r]);
      }
    }
  });
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    const F sum = Block::kLayout.has_min ? V::add(sums[r], mins[r]) : sums[r];
    store_outputs<V>(args, row + r, column, sum);
  }
}

template <typename V, Format kFormat>
void matmul_int8(const MatmulArgs& args) {
  if constexpr (V::kInt8Tiles) {
    if (args.m >= kTileRows) return matmul_int8_tiles<V, typename V::Tiles, kFormat>(args);
  }
  const int64_t panel_bytes = integer_panel_bytes<V, kFormat>(*args.weights);
  for_tiles<V::kMatmulRows, 1>(
      args, [&](auto rows, auto, int64_t row, int64_t panel, int64_t prefetch) {
        const std::byte* data = args.weights->panels + panel * panel_bytes;
        for (int64_t lane = 0; lane < kPanelRows; lane += V::kLanes) {
          int8_tile<V, kFormat, decltype(rows)::value>(args, data, row, panel * kPanelRows + lane,
                                                       lane, lane == 0 ? prefetch : 0);
        }
      });
}

}  // namespace
}  // namespace spyre::kernels
