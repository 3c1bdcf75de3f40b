#include "kernels/emulated_kernels.h"
#include "kernels/vec_wide.h"

namespace spyre::kernels::test {

const TileKernels& wide_tile_kernels() {
  static constexpr TileKernels kKernels = emulated_kernels<WideVec>();
  return kKernels;
}

}  // namespace spyre::kernels::test
