// The avxvnni tier, for the compiler.
#include "kernels/vec_avxvnni.h"

namespace spyre::kernels {
namespace {
using Vec = AvxVnniVec;
}
}  // namespace spyre::kernels

#include "kernels/bitcode/pieces.h"
