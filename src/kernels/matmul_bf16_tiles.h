// bf16 weights and inputs with tiles, for any number of rows, so that a row alone has the bits that
// it has among others. Per 32 columns, ascending, the last of them filled up with zeros: one FMA
// chain from 0 over the even columns, one over the odd ones, acc = acc + (even + odd). A line of
// packed weights is a row of a tile as it lies in memory.
#pragma once

#include "kernels/matmul_tiles.h"
#include "kernels/tiles.h"

namespace spyre::kernels {
namespace {

// kRows tiles of rows by kPanels panels at once, four at most: their sums are tiles 0 to 3, inputs
// 4 and 5, weights 6 and 7.
template <typename V, typename Tiles, int kRows, int kPanels>
class Bf16TileBlock {
  static_assert(V::kLanes == kPanelRows && V::kPackedPairs);
  static_assert(kRows <= 2 && kRows * kPanels <= 4);
  static constexpr int64_t kPairs = kTileRowBytes / 4;  // of columns in a tile

 public:
  // rows: those of a tile; row[i]: the first of each.
  Bf16TileBlock(const MatmulArgs& args, Tiles& tiles, int64_t rows, const int64_t (&row)[2],
                int64_t panel)
      : args_(args), tiles_(tiles), rows_(rows), panel_(panel), row_{row[0], row[1]} {}

  [[gnu::always_inline]] void run(int64_t prefetch) {
    const int64_t pairs = (args_.weights->columns + 1) / 2;
    const int64_t panel_bytes = pairs * kLineBytes;
    const std::byte* weights = args_.weights->panels + panel_ * panel_bytes;
    zero<0>();
    int64_t pair = 0;
    for (; pair + kPairs <= pairs; pair += kPairs, weights += kTileBytes) {
      tiles_.template load<4>(inputs(0, pair), args_.input_stride);
      if constexpr (kRows == 2) tiles_.template load<5>(inputs(1, pair), args_.input_stride);
#pragma GCC unroll 4
      for (int p = 0; p < kPanels; ++p) {
        prefetch_weights(weights + p * panel_bytes, prefetch, kTileBytes);
      }
      multiply<0>(weights, panel_bytes);
    }
    if (pair < pairs) multiply_rest(weights, panel_bytes, pair, pairs - pair);
    store<0>();
  }

 private:
  const std::byte* inputs(int tile, int64_t pair) const {
    return input_row<std::byte>(args_, row_[tile]) + pair * 4;
  }

  template <int kC>
  [[gnu::always_inline]] void zero() {
    tiles_.template zero<kC>();
    if constexpr (kC + 1 < kRows * kPanels) zero<kC + 1>();
  }

  template <int kC>
  [[gnu::always_inline]] void multiply(const std::byte* weights, int64_t panel_bytes) {
    constexpr int kPanel = kC / kRows;
    constexpr int kB = 6 + kPanel % 2;
    if constexpr (kC % kRows == 0) {
      tiles_.template load<kB>(weights + kPanel * panel_bytes, kLineBytes);
    }
    tiles_.template dot_bf16<kC, 4 + kC % kRows, kB>();
    if constexpr (kC + 1 < kRows * kPanels) multiply<kC + 1>(weights, panel_bytes);
  }

  // The last columns, fewer than a tile has.
  [[gnu::always_inline]] void multiply_rest(const std::byte* weights, int64_t panel_bytes,
                                            int64_t pair, int64_t count) {
    alignas(kLineBytes) int32_t inputs_of[2][kTileRows * kPairs];
    alignas(kLineBytes) std::byte lines[kPanels * kTileBytes];
#pragma GCC unroll 2
    for (int tile = 0; tile < kRows; ++tile) {
      for (int64_t i = 0; i < rows_ * kPairs; ++i) {
        const std::byte* from = inputs(tile, pair) + i / kPairs * args_.input_stride;
        int32_t both = 0;
        if (i % kPairs < count) __builtin_memcpy(&both, from + i % kPairs * 4, sizeof(both));
        inputs_of[tile][i] = both;
      }
    }
    for (int64_t i = 0; i < kPanels * kPairs; ++i) {
      const std::byte* from = weights + i / kPairs * panel_bytes + i % kPairs * kLineBytes;
      V::store_int(lines + i * kLineBytes, i % kPairs < count ? V::load_int(from) : V::int1(0));
    }
    tiles_.template load<4>(inputs_of[0], kTileRowBytes);
    if constexpr (kRows == 2) tiles_.template load<5>(inputs_of[1], kTileRowBytes);
    multiply<0>(lines, kTileBytes);
  }

  template <int kC>
  [[gnu::always_inline]] void store() {
    alignas(kLineBytes) float sums[kTileRows * kPanelRows];
    tiles_.template store<kC>(sums, kTileRowBytes);
    for (int64_t r = 0; r < rows_; ++r) {
      store_outputs<V>(args_, row_[kC % kRows] + r, (panel_ + kC / kRows) * kPanelRows,
                       V::load(sums + r * kPanelRows));
    }
    if constexpr (kC + 1 < kRows * kPanels) store<kC + 1>();
  }

  const MatmulArgs& args_;
  Tiles& tiles_;
  const int64_t rows_;
  const int64_t panel_;
  const int64_t row_[2];
};

// One walk over panels [args.panel_begin, args.panel_end) for rows [begin, end).
template <typename V, typename Tiles, int kRows, int kPanels>
[[gnu::always_inline]] inline void bf16_tile_pass(const MatmulArgs& args, Tiles& tiles,
                                                  int64_t begin, int64_t end) {
  // The last tile of rows reaches back to be a full one: its bits are the same twice.
  const int64_t rows = smaller(kTileRows, args.m);
  const auto first_of = [&](int64_t row) { return smaller(row, args.m - rows); };
  for (int64_t panel = args.panel_begin; panel < args.panel_end;) {
    const bool wide = panel + kPanels <= args.panel_end;
    for (int64_t row = begin; row < end; row += int64_t{kRows} * kTileRows) {
      const int64_t first[2] = {first_of(row), first_of(row + kTileRows)};
      const int64_t prefetch = row == 0 ? args.prefetch_bytes : 0;
      if (wide) {
        Bf16TileBlock<V, Tiles, kRows, kPanels>(args, tiles, rows, first, panel).run(prefetch);
      } else {
        Bf16TileBlock<V, Tiles, kRows, 1>(args, tiles, rows, first, panel).run(prefetch);
      }
    }
    panel += wide ? kPanels : 1;
  }
}

template <typename V, typename Tiles>
void matmul_bf16_tiles(const MatmulArgs& args) {
  const auto rows = static_cast<int>(smaller(kTileRows, args.m));
  const TileShape sums = {rows, kTileRowBytes};
  const TileShape weights = {kTileRows, kTileRowBytes};
  const TileShape shapes[kTiles] = {sums, sums, sums, sums, sums, sums, weights, weights};
  Tiles tiles(shapes);
  if (args.m <= kTileRows) {
    bf16_tile_pass<V, Tiles, 1, 4>(args, tiles, 0, args.m);
    return;
  }
  constexpr int64_t kStep = int64_t{2} * kTileRows;
  const int64_t fitting = args.pass_bytes / larger(1, args.input_stride) / kStep * kStep;
  const int64_t pass = larger(kStep, fitting);
  for (int64_t begin = 0; begin < args.m; begin += pass) {
    bf16_tile_pass<V, Tiles, 2, 2>(args, tiles, begin, smaller(begin + pass, args.m));
  }
}

}  // namespace
}  // namespace spyre::kernels
