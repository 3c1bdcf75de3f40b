// Compiled as the tiers of AMX are (CMakeLists.txt).
#include "kernels/emulated_kernels.h"
#include "kernels/vec_avx512bf16.h"

namespace spyre::kernels::test {

const TileKernels& avx512_tile_kernels() {
  static constexpr TileKernels kKernels = emulated_kernels<Avx512Bf16Vec>();
  return kKernels;
}

}  // namespace spyre::kernels::test
