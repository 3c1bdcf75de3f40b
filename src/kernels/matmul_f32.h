// Float inputs: against float weights, and against integer weights dequantised on the fly. Either
// way an output is one chain of FMAs over the columns, so tiles are wide enough to keep several
// chains in flight.
#pragma once

#include "kernels/matmul_tiles.h"
#include "kernels/weight_block.h"

namespace spyre::kernels {
namespace {

template <Format kFormat>
inline constexpr int kFloatBytes = kFormat == Format::kF32 ? 4 : 2;

template <typename V, Format kFormat>
typename V::F load_as(const std::byte* p) {
  if constexpr (kFormat == Format::kF32) return V::load(reinterpret_cast<const float*>(p));
  if constexpr (kFormat == Format::kF16) return V::load_f16(p);
  if constexpr (kFormat == Format::kBF16) return V::load_bf16(p);
}

// Where the vector of column k and lanes lane .. begins.
template <Format kFormat>
constexpr int64_t float_offset(int64_t k, int64_t lane) {
  if constexpr (kFormat == Format::kBF16) return k / 2 * kLineBytes + lane * 4;
  return (k * kPanelRows + lane) * kFloatBytes<kFormat>;
}

// The weights of column k from float_offset() on.
template <typename V, Format kFormat>
typename V::F load_weights(const std::byte* p, int64_t k) {
  if constexpr (kFormat == Format::kBF16) {
    const typename V::I both = V::load_int(p);
    return k % 2 == 0 ? V::from_bits(V::template shift_left<16>(both))
                      : V::from_bits(V::bit_and(both, V::int1(static_cast<int32_t>(0xffff0000u))));
  } else {
    return load_as<V, kFormat>(p);
  }
}

template <typename V, Format kFormat, int kRows, int kPanels>
void float_tile(const MatmulArgs& args, int64_t row, int64_t panel, int64_t prefetch) {
  using F = typename V::F;
  constexpr int kVectors = kPanels * kPanelRows / V::kLanes;
  constexpr int kPerPanel = kPanelRows / V::kLanes;
  constexpr int64_t kColumnBytes = kPanelRows * kFloatBytes<kFormat>;
  const int64_t columns = args.weights->columns;
  const int64_t panel_bytes =
      (kFormat == Format::kBF16 ? columns + columns % 2 : columns) * kColumnBytes;
  const std::byte* weights = args.weights->panels + panel * panel_bytes;
  const float* inputs[kRows];
  F sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    inputs[r] = input_row<float>(args, row + r);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sums[r][v] = V::zero();
  }
  for (int64_t k = 0; k < columns; ++k) {
    F w[kVectors];
#pragma GCC unroll 4
    for (int i = 0; i < kPanels; ++i) {
      prefetch_weights(weights + i * panel_bytes + k * kColumnBytes, prefetch, kColumnBytes);
    }
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      w[v] = load_weights<V, kFormat>(weights + v / kPerPanel * panel_bytes +
                                          float_offset<kFormat>(k, v % kPerPanel * V::kLanes),
                                      k);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const F x = V::set1(inputs[r][k]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sums[r][v] = V::fma(x, w[v], sums[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      store_outputs<V>(args, row + r, panel * kPanelRows + v * V::kLanes, sums[r][v]);
    }
  }
}

template <typename V, Format kFormat>
void matmul_float(const MatmulArgs& args) {
  // One row: four panels, four chains. More rows: two panels share each row's broadcast where 32
  // registers allow.
  constexpr int kPanels = V::kLanes == kPanelRows ? 2 : 1;
  if (args.m == 1) {
    for_tiles<1, 2 * kPanels>(
        args, [&](auto, auto panels, int64_t row, int64_t panel, int64_t ahead) {
          float_tile<V, kFormat, 1, decltype(panels)::value>(args, row, panel, ahead);
        });
    return;
  }
  // As many sums as registers hold beside the weights and an input: 8 rows by 2 vectors of 32
  // registers, 6 by 2 of 16.
  constexpr int kRows = V::kLanes == 8 ? 6 : V::kMatmulRows;
  for_tiles<kRows, kPanels>(args, [&](auto rows, auto panels, int64_t row, int64_t panel,
                                      int64_t ahead) {
    float_tile<V, kFormat, decltype(rows)::value, decltype(panels)::value>(args, row, panel, ahead);
  });
}

// Weights of column 4 * quad + kByte as floats: exactly what unpack_row gives.
template <int kByte, typename V, Format kFormat>
typename V::F dequantized(const WeightBlock<V, kFormat>& block, int64_t quad) {
  using Block = WeightBlock<V, kFormat>;
  using F = typename V::F;
  const typename V::I shifted = V::template shift_right<8 * kByte>(block.quads[quad]);
  const typename V::I level = V::bit_and(shifted, V::int1(0xff));
  if constexpr (Block::kGrouped) {
    return V::mul(block.scale, V::to_float(V::sub(level, block.header_zero)));
  } else if constexpr (Block::kSixK) {
    const F scale = V::mul(block.scale, V::to_float(block.sub[quad / 4]));
    return V::mul(scale, V::to_float(V::sub(level, V::int1(Block::kLayout.zero))));
  } else if constexpr (Block::kLayout.has_min) {
    return V::add(V::mul(block.scale, V::to_float(level)), block.min);
  } else {
    return V::mul(block.scale, V::to_float(V::sub(level, V::int1(Block::kLayout.zero))));
  }
}

template <typename V, Format kFormat, int kRows>
void dequantizing_tile(const MatmulArgs& args, const std::byte* panel, int64_t row, int64_t column,
                       int64_t lane, int64_t prefetch) {
  using F = typename V::F;
  F sums[kRows];
  const float* inputs[kRows];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    sums[r] = V::zero();
    inputs[r] = input_row<float>(args, row + r);
  }
  const auto add_column = [&](F w, int64_t k) {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) sums[r] = V::fma(V::set1(inputs[r][k]), w, sums[r]);
  };
  using Block = WeightBlock<V, kFormat>;
  for_blocks<V, kFormat>(*args.weights, panel, lane, prefetch, [&](const Block& block, int64_t b) {
    for (int64_t quad = 0; quad < 8; ++quad) {
      const int64_t k = b * kQuantBlock + 4 * quad;
      add_column(dequantized<0>(block, quad), k);
      add_column(dequantized<1>(block, quad), k + 1);
      add_column(dequantized<2>(block, quad), k + 2);
      add_column(dequantized<3>(block, quad), k + 3);
    }
  });
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) store_outputs<V>(args, row + r, column, sums[r]);
}

template <typename V, Format kFormat>
void matmul_dequantizing(const MatmulArgs& args) {
  const int64_t panel_bytes = integer_panel_bytes<V, kFormat>(*args.weights);
  for_tiles<V::kMatmulRows, 1>(
      args, [&](auto rows, auto, int64_t row, int64_t panel, int64_t prefetch) {
        const std::byte* data = args.weights->panels + panel * panel_bytes;
        for (int64_t lane = 0; lane < kPanelRows; lane += V::kLanes) {
          dequantizing_tile<V, kFormat, decltype(rows)::value>(
              args, data, row, panel * kPanelRows + lane, lane, lane == 0 ? prefetch : 0);
        }
      });
}

}  // namespace
}  // namespace spyre::kernels
