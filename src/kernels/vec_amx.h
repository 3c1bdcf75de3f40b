// The vector wrappers of the tiers with tiles: AVX-512 with BF16, and AMX for products of int8 rows
// or for those of bf16 as well.
#pragma once

#include "kernels/tiles_amx.h"
#include "kernels/vec_avx512bf16.h"

namespace spyre::kernels {
namespace {

struct AmxInt8Vec : Avx512Bf16Vec {
  using Tiles = AmxTiles;
  static constexpr bool kInt8Tiles = true;
};

struct AmxVec : AmxInt8Vec {
  static constexpr bool kBf16Tiles = true;
};

}  // namespace
}  // namespace spyre::kernels
