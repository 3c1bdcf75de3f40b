// The avx512 tier, for the compiler.
#include "kernels/vec_avx512.h"

namespace spyre::kernels {
namespace {
using Vec = Avx512Vec;
}
}  // namespace spyre::kernels

#include "kernels/bitcode/pieces.h"
