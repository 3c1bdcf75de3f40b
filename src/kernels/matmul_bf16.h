// Weights and inputs in bf16, two columns at a time: the order of roundings is that of VDPBF16PS
// (KernelTable::matmul_bf16), whether a tier has it or does its two steps one after the other.
#pragma once

#include "kernels/elementwise.h"
#include "kernels/matmul_bf16_tiles.h"
#include "kernels/matmul_tiles.h"

namespace spyre::kernels {
namespace {

// How a tier keeps the two inputs of a pair: as they go into its instruction, or as two floats.
template <typename V>
inline constexpr int64_t kPairBytes = V::kPackedPairs ? 4 : 8;

template <typename V>
void prepare_bf16(const float* x, std::byte* out, int64_t n) {
  if constexpr (V::kPackedPairs) {
    for_vectors<V>(n, [&](int64_t at, int64_t count) {
      V::store_bf16(out + 2 * at, load_some<V>(x + at, count), count);
    });
    const int16_t none = 0;
    if (n % 2 == 1) __builtin_memcpy(out + 2 * n, &none, sizeof(none));
  } else {
    auto* floats = reinterpret_cast<float*>(out);
    round_bf16<V>(x, floats, n);
    if (n % 2 == 1) floats[n] = 0.0f;
  }
}

template <typename V>
typename V::F dot_pair_bf16(typename V::F acc, typename V::I w, const std::byte* pair) {
  if constexpr (V::kPackedPairs) {
    return V::dot_bf16(acc, w, pair);
  } else {
    const auto* x = reinterpret_cast<const float*>(pair);
    const typename V::F odd =
        V::from_bits(V::bit_and(w, V::int1(static_cast<int32_t>(0xffff0000u))));
    acc = V::fma(V::set1(x[1]), odd, acc);
    return V::fma(V::set1(x[0]), V::from_bits(V::template shift_left<16>(w)), acc);
  }
}

template <typename V, int kRows, int kPanels>
void bf16_tile(const MatmulArgs& args, int64_t row, int64_t panel, int64_t prefetch) {
  using F = typename V::F;
  using I = typename V::I;
  constexpr int kPerPanel = kPanelRows / V::kLanes;
  constexpr int kVectors = kPanels * kPerPanel;
  const int64_t pairs = (args.weights->columns + 1) / 2;
  const std::byte* weights = args.weights->panels + panel * pairs * kLineBytes;
  const std::byte* inputs[kRows];
  F sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    inputs[r] = input_row<std::byte>(args, row + r);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sums[r][v] = V::zero();
  }
  for (int64_t j = 0; j < pairs; ++j) {
    I w[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const std::byte* line = weights + (v / kPerPanel * pairs + j) * kLineBytes;
      if (v % kPerPanel == 0) prefetch_weights(line, prefetch, kLineBytes);
      w[v] = V::load_int(line + v % kPerPanel * V::kLanes * 4);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const std::byte* pair = inputs[r] + j * kPairBytes<V>;
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sums[r][v] = dot_pair_bf16<V>(sums[r][v], w[v], pair);
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

template <typename V>
void matmul_bf16(const MatmulArgs& args) {
  if constexpr (V::kBf16Tiles) return matmul_bf16_tiles<V, typename V::Tiles>(args);
  // As many sums as registers hold beside the weights; a row alone wants chains enough to hide the
  // latency of its own.
  constexpr int kPanels = V::kPackedPairs ? 4 : V::kLanes == kPanelRows ? 2 : 1;
  constexpr int kRows = V::kPackedPairs ? 6 : V::kMatmulRows;
  if (args.m == 1) {
    for_tiles<1, V::kLanes == kPanelRows ? 4 : 2>(
        args, [&](auto, auto panels, int64_t row, int64_t panel, int64_t ahead) {
          bf16_tile<V, 1, decltype(panels)::value>(args, row, panel, ahead);
        });
    return;
  }
  for_tiles<kRows, kPanels>(
      args, [&](auto rows, auto panels, int64_t row, int64_t panel, int64_t ahead) {
        bf16_tile<V, decltype(rows)::value, decltype(panels)::value>(args, row, panel, ahead);
      });
}

}  // namespace
}  // namespace spyre::kernels
