// Integer weights against int8 rows with tiles, for 16 rows of input or more. A tile product is of
// one block of 32 columns (Q6_K: of half of one), as each has its own scale; the sums are exact, so
// the bits are those of matmul_int8.h. What limits it is the scaling: 16 conversions, products and
// FMAs of vectors for each block, against one tile product that runs meanwhile.
//
// Weights are unpacked once for kPassRows rows, kChunk blocks at a time; rows keep their sums in
// memory from one chunk to the next. The last tile of rows reaches back to be a full one: rows
// computed twice get the same bits twice.
#pragma once

#include "kernels/matmul_tiles.h"
#include "kernels/tiles.h"
#include "kernels/weight_block.h"

namespace spyre::kernels {
namespace {

// A block of a panel as a tile wants it.
template <typename V, Format kFormat>
struct TileBlock {
  using Block = WeightBlock<V, kFormat>;
  // Levels go in less the zero level where the format has one; minus 128 to 127.
  static constexpr bool kSigned = Block::kLayout.zero != 0;
  // Products of a block: each has a tile of 32 / kParts columns.
  static constexpr int kParts = Block::kSixK ? 2 : 1;

  alignas(kLineBytes) std::byte levels[8 * kLineBytes];
  typename V::F scale;
  typename V::I zero;    // grouped: WeightBlock::zero
  typename V::I sub[2];  // Q6_K: WeightBlock::sub

  void put(const Block& block) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      typename V::I level = block.quads[i];
      if constexpr (kSigned) {
        constexpr uint32_t kZeros = 0x01010101u * Block::kLayout.zero;
        level = V::sub_bytes(level, V::int1(static_cast<int32_t>(kZeros)));
      }
      V::store_int(levels + i * kLineBytes, level);
    }
    scale = block.scale;
    if constexpr (Block::kGrouped) zero = block.zero;
    if constexpr (Block::kSixK) {
      sub[0] = block.sub[0];
      sub[1] = block.sub[1];
    }
  }
};

template <typename V, typename Tiles, Format kFormat>
class Int8TilePanel {
  using F = typename V::F;
  using I = typename V::I;
  using Block = WeightBlock<V, kFormat>;
  using Unpacked = TileBlock<V, kFormat>;
  static_assert(V::kLanes == kPanelRows);
  static_assert(V::kWideOffset == 0);

  static constexpr int kParts = Unpacked::kParts;
  static constexpr int kGroup = 4 / kParts;  // blocks whose products are under way together
  static constexpr int kChunk = 16;          // blocks: their levels take 8 KiB of the L1 cache

 public:
  static constexpr int64_t kPassRows = 256;
  // C: 0 to 3, A: 4 and 5, B: 6 and 7.
  static constexpr TileShape kShapes[kTiles] = {
      {kTileRows, kTileRowBytes},  {kTileRows, kTileRowBytes}, {kTileRows, kTileRowBytes},
      {kTileRows, kTileRowBytes},  {kTileRows, 32 / kParts},   {kTileRows, 32 / kParts},
      {8 / kParts, kTileRowBytes}, {8 / kParts, kTileRowBytes}};

  Int8TilePanel(const MatmulArgs& args, Tiles& tiles) : args_(args), tiles_(tiles) {}

  // Rows [begin, end), not more than kPassRows.
  [[gnu::always_inline]] void run(int64_t panel, const std::byte* data, int64_t begin, int64_t end,
                                  int64_t prefetch) {
    const int64_t blocks = args_.weights->columns / kQuantBlock;
    for_blocks<V, kFormat>(*args_.weights, data, 0, prefetch, [&](const Block& block, int64_t b) {
      const int64_t at = b % kChunk;
      chunk_[at].put(block);
      if (at + 1 < kChunk && b + 1 < blocks) return;
      for (int64_t row = begin; row < end; row += kTileRows) {
        add_chunk(first_of(row), b - at, at + 1, sums_[(row - begin) / kTileRows]);
      }
    });
    for (int64_t row = begin; row < end; row += kTileRows) {
      finish(panel, data, first_of(row), sums_[(row - begin) / kTileRows]);
    }
  }

 private:
  int64_t first_of(int64_t row) const { return smaller(row, args_.m - kTileRows); }
  const QuantizedBlock& input(int64_t row, int64_t block) const {
    return input_row<QuantizedBlock>(args_, row)[block];
  }

  // Blocks [block, block + count) of the rows, into their sums. Products of the next group are
  // asked for before those of the last one are scaled.
  [[gnu::always_inline]] void add_chunk(int64_t row, int64_t block, int64_t count, float* kept) {
    F sums[kTileRows];
#pragma GCC unroll 16
    for (int64_t r = 0; r < kTileRows; ++r) {
      sums[r] = block == 0 ? V::zero() : V::load(kept + r * kPanelRows);
    }
    multiply(row, block, 0, count, products_[0]);
    for (int64_t at = 0; at < count; at += kGroup) {
      const int64_t half = at / kGroup % 2;
      const int64_t next = at + kGroup;
      if (next < count) multiply(row, block, next, count, products_[1 - half]);
      for (int64_t i = at; i < smaller(next, count); ++i) {
        add_block(row, block + i, chunk_[i], products_[half][(i - at) * kParts], sums);
      }
    }
#pragma GCC unroll 16
    for (int64_t r = 0; r < kTileRows; ++r) V::store(kept + r * kPanelRows, sums[r]);
  }

  // Up to kGroup blocks from the chunk's block `at` on.
  [[gnu::always_inline]] void multiply(int64_t row, int64_t block, int64_t at, int64_t count,
                                       int32_t (&products)[4][kTileRows * kPanelRows]) {
    const int64_t parts = smaller(kGroup, count - at) * kParts;
    multiply_part<0>(row, block, at);
    if (parts > 1) multiply_part<1>(row, block, at);
    if (parts > 2) multiply_part<2>(row, block, at);
    if (parts > 3) multiply_part<3>(row, block, at);
    tiles_.template store<0>(products[0], kLineBytes);
    if (parts > 1) tiles_.template store<1>(products[1], kLineBytes);
    if (parts > 2) tiles_.template store<2>(products[2], kLineBytes);
    if (parts > 3) tiles_.template store<3>(products[3], kLineBytes);
  }

  template <int kC>
  [[gnu::always_inline]] void multiply_part(int64_t row, int64_t block, int64_t at) {
    constexpr int kA = 4 + kC % 2;
    constexpr int kB = 6 + kC % 2;
    constexpr int kPart = kC % kParts;
    const int64_t i = at + kC / kParts;
    tiles_.template zero<kC>();
    tiles_.template load<kA>(input(row, block + i).q + int64_t{kPart} * 16, args_.input_stride);
    tiles_.template load<kB>(chunk_[i].levels + int64_t{kPart} * 4 * kLineBytes, kLineBytes);
    if constexpr (Unpacked::kSigned) {
      tiles_.template dot_s8_s8<kC, kA, kB>();
    } else {
      tiles_.template dot_s8_u8<kC, kA, kB>();
    }
  }

  [[gnu::always_inline]] void add_block(int64_t row, int64_t block, const Unpacked& weights,
                                        const int32_t* products, F (&sums)[kTileRows]) {
#pragma GCC unroll 16
    for (int64_t r = 0; r < kTileRows; ++r) {
      const QuantizedBlock& x = input(row + r, block);
      I sum = V::load_int(products + r * kPanelRows);
      if constexpr (kParts == 2) {
        const I second = V::load_int(products + (kTileRows + r) * kPanelRows);
        sum = V::add(V::mul(sum, weights.sub[0]), V::mul(second, weights.sub[1]));
      }
      if constexpr (Block::kGrouped) sum = V::dot_pair(sum, weights.zero, x.half_sums);
      const F scale = V::mul(weights.scale, V::set1(x.scale));
      sums[r] = V::fma(V::to_float(sum), scale, sums[r]);
    }
  }

  [[gnu::always_inline]] void finish(int64_t panel, const std::byte* data, int64_t row,
                                     const float* kept) {
    F mins[kTileRows];
    if constexpr (Block::kLayout.has_min) {
#pragma GCC unroll 16
      for (int64_t r = 0; r < kTileRows; ++r) mins[r] = V::zero();
      for_blocks<V, kFormat>(*args_.weights, data, 0, 0, [&](const Block& block, int64_t b) {
#pragma GCC unroll 16
        for (int64_t r = 0; r < kTileRows; ++r) {
          mins[r] = V::fma(block.min, V::set1(input(row + r, b).scaled_sum), mins[r]);
        }
      });
    }
#pragma GCC unroll 16
    for (int64_t r = 0; r < kTileRows; ++r) {
      F sum = V::load(kept + r * kPanelRows);
      if constexpr (Block::kLayout.has_min) sum = V::add(sum, mins[r]);
      store_outputs<V>(args_, row + r, panel * kPanelRows, sum);
    }
  }

  const MatmulArgs& args_;
  Tiles& tiles_;
  Unpacked chunk_[kChunk];
  alignas(kLineBytes) int32_t products_[2][4][kTileRows * kPanelRows];
  alignas(kLineBytes) float sums_[kPassRows / kTileRows][kTileRows * kPanelRows];
};

// args.m: 16 or more.
template <typename V, typename Tiles, Format kFormat>
void matmul_int8_tiles(const MatmulArgs& args) {
  using Panel = Int8TilePanel<V, Tiles, kFormat>;
  const int64_t panel_bytes = integer_panel_bytes<V, kFormat>(*args.weights);
  const int64_t fitting = args.pass_bytes / larger(1, args.input_stride) / kTileRows * kTileRows;
  const int64_t pass = larger(kTileRows, smaller(Panel::kPassRows, fitting));
  Tiles tiles(Panel::kShapes);
  Panel all(args, tiles);
  for (int64_t begin = 0; begin < args.m; begin += pass) {
    const int64_t end = smaller(begin + pass, args.m);
    for (int64_t panel = args.panel_begin; panel < args.panel_end; ++panel) {
      all.run(panel, args.weights->panels + panel * panel_bytes, begin, end,
              begin == 0 ? args.prefetch_bytes : 0);
    }
  }
}

}  // namespace
}  // namespace spyre::kernels
