// What all matmuls share: the walk over rows of input and panels, and the epilogue. Order of the
// walk and size of the tiles never change an output's bits.
#pragma once

#include "kernels/lanes.h"
#include "kernels/layout.h"

namespace spyre::kernels {
namespace {

template <int kValue>
struct Constant {
  static constexpr int value = kValue;
};

// call(Constant<rows>, row): tiles of kRows rows, then the rest in halves.
template <int kRows, typename Call>
void for_row_tiles(int64_t row, int64_t end, Call& call) {
  for (; row + kRows <= end; row += kRows) call(Constant<kRows>(), row);
  if constexpr (kRows > 1) for_row_tiles<kRows / 2>(row, end, call);
}

// Asks for `bytes` of weights that come `ahead` of `at` in their stream, when that is not 0. They
// may lie past the end of the matrix: nothing is read.
[[gnu::always_inline]] inline void prefetch_weights(const std::byte* at, int64_t ahead,
                                                    int64_t bytes) {
  if (ahead == 0) return;
#pragma GCC unroll 16
  for (int64_t line = 0; line < bytes; line += kLineBytes) {
    __builtin_prefetch(at + ahead + line, 0, 3);
  }
}

// tile(Constant<rows>, Constant<panels>, row, panel, prefetch): prefetch_bytes for the first rows
// that read a panel, 0 for those that find it in the caches.
template <int kRows, int kPanels, typename Tile>
void for_tiles(const MatmulArgs& args, Tile tile) {
  const int64_t fitting = args.pass_bytes / larger(1, args.input_stride) / kRows * kRows;
  const int64_t pass = larger(kRows, fitting);
  for (int64_t begin = 0; begin < args.m; begin += pass) {
    const int64_t end = smaller(begin + pass, args.m);
    int64_t panel = args.panel_begin;
    for (; panel + kPanels <= args.panel_end; panel += kPanels) {
      const auto wide = [&](auto rows, int64_t row) {
        tile(rows, Constant<kPanels>(), row, panel, row == begin ? args.prefetch_bytes : 0);
      };
      for_row_tiles<kRows>(begin, end, wide);
    }
    for (; panel < args.panel_end; ++panel) {
      const auto narrow = [&](auto rows, int64_t row) {
        tile(rows, Constant<1>(), row, panel, row == begin ? args.prefetch_bytes : 0);
      };
      for_row_tiles<kRows>(begin, end, narrow);
    }
  }
}

template <typename T>
const T* input_row(const MatmulArgs& args, int64_t row) {
  return reinterpret_cast<const T*>(static_cast<const std::byte*>(args.input) +
                                    row * args.input_stride);
}

// Adds the bias and stores outputs column .. column + kLanes - 1 of a row, as far as they exist.
template <typename V>
void store_outputs(const MatmulArgs& args, int64_t row, int64_t column, typename V::F sum) {
  const int64_t count = smaller(V::kLanes, args.weights->rows - column);
  if (count <= 0) return;
  if (args.bias != nullptr) sum = V::add(sum, load_some<V>(args.bias + column, count));
  store_some<V>(args.output + row * args.output_stride + column, sum, count);
}

}  // namespace
}  // namespace spyre::kernels
