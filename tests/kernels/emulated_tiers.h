// The kernels over tiles with the tiles emulated: as plain C++, and as the tiers of AMX have them
// but for the tiles (compiled with AVX-512 and its BF16).
#pragma once

#include "kernels/kernels.h"

namespace spyre::kernels::test {

struct TileKernels {
  MatmulFunction int8[kNumFormats];
  MatmulFunction bf16;
};
const TileKernels& wide_tile_kernels();
const TileKernels& avx512_tile_kernels();  // only where runs_on(kAvx512Bf16)

}  // namespace spyre::kernels::test
