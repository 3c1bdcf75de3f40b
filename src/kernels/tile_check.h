// Does this CPU multiply tiles as tiles.h says? One product of each kind that the kernels use, on
// operands that tell orders of rounding apart. The tiers of AMX are not used on a CPU, or on
// something that pretends to be one, that answers otherwise.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/tiles.h"

namespace spyre::kernels {

struct TileOperands {
  alignas(kTileRowBytes) uint8_t a[kTileBytes];
  alignas(kTileRowBytes) uint8_t b[kTileBytes];
};

struct TileProducts {
  alignas(kTileRowBytes) int32_t s8_s8[kTileRows * kTileRows];
  alignas(kTileRowBytes) int32_t s8_u8[kTileRows * kTileRows];
  alignas(kTileRowBytes) float bf16[kTileRows * kTileRows];  // of two products in turn
};

// The processor's; only where it has tiles.
void amx_products(const TileOperands& operands, TileProducts& out);
void emulated_products(const TileOperands& operands, TileProducts& out);

// Which products are those that they should be.
struct TileTrust {
  bool int8 = false;
  bool bf16 = false;
};
using TileMultiply = void (*)(const TileOperands& operands, TileProducts& out);
TileTrust check_tiles(TileMultiply multiply);

namespace {

template <typename Tiles>
void multiply_tiles(const TileOperands& operands, TileProducts& out) {
  {
    // 32 columns, as the kernels have them; tiles 3 and 5 of 16.
    constexpr TileShape kShapes[kTiles] = {{16, 64}, {16, 32}, {8, 64},  {16, 16},
                                           {16, 64}, {4, 64},  {16, 64}, {16, 64}};
    Tiles tiles(kShapes);
    tiles.template zero<0>();
    tiles.template load<1>(operands.a, kTileRowBytes);
    tiles.template load<2>(operands.b, kTileRowBytes);
    tiles.template dot_s8_u8<0, 1, 2>();
    tiles.template store<0>(out.s8_u8, kTileRowBytes);
    tiles.template zero<4>();
    tiles.template load<3>(operands.a, kTileRowBytes);
    tiles.template load<5>(operands.b, kTileRowBytes);
    tiles.template dot_s8_s8<4, 3, 5>();
    tiles.template dot_s8_s8<4, 1, 2>();
    tiles.template store<4>(out.s8_s8, kTileRowBytes);
  }
  constexpr TileShape kWhole = {kTileRows, kTileRowBytes};
  constexpr TileShape kShapes[kTiles] = {kWhole, kWhole, kWhole, kWhole,
                                         kWhole, kWhole, kWhole, kWhole};
  Tiles tiles(kShapes);
  tiles.template zero<0>();
  tiles.template load<4>(operands.a, kTileRowBytes);
  tiles.template load<6>(operands.b, kTileRowBytes);
  tiles.template dot_bf16<0, 4, 6>();
  tiles.template dot_bf16<0, 6, 4>();
  tiles.template store<0>(out.bf16, kTileRowBytes);
}

}  // namespace
}  // namespace spyre::kernels
