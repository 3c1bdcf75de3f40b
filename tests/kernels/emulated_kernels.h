// Fills TileKernels for one vector wrapper.
#pragma once

#include "kernels/emulated_tiers.h"
#include "kernels/matmul_bf16_tiles.h"
#include "kernels/matmul_int8_tiles.h"
#include "kernels/tiles_emulated.h"

namespace spyre::kernels::test {
namespace {

template <typename V>
constexpr TileKernels emulated_kernels() {
  TileKernels kernels{};
#define SPYRE_WEIGHT_INTEGER(format)                  \
  kernels.int8[static_cast<size_t>(Format::format)] = \
      matmul_int8_tiles<V, EmulatedTiles, Format::format>;
#include "kernels/kernel_list.inc"
  kernels.bf16 = matmul_bf16_tiles<V, EmulatedTiles>;
  return kernels;
}

}  // namespace
}  // namespace spyre::kernels::test
