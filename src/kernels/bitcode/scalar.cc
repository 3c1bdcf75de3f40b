// The scalar tier, for the compiler.
#include "kernels/vec_scalar.h"

namespace spyre::kernels {
namespace {
using Vec = ScalarVec;
}
}  // namespace spyre::kernels

#include "kernels/bitcode/pieces.h"
