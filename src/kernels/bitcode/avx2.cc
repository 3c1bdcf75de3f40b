// The avx2 tier, for the compiler.
#include "kernels/vec_avx2.h"

namespace spyre::kernels {
namespace {
using Vec = Avx2Vec;
}
}  // namespace spyre::kernels

#include "kernels/bitcode/pieces.h"
