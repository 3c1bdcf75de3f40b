// The avx512bf16 tier, for the compiler.
#include "kernels/vec_avx512bf16.h"

namespace spyre::kernels {
namespace {
using Vec = Avx512Bf16Vec;
}
}  // namespace spyre::kernels

#include "kernels/bitcode/pieces.h"
