// The amx tier, for the compiler.
#include "kernels/vec_amx.h"

namespace spyre::kernels {
namespace {
using Vec = AmxVec;
}
}  // namespace spyre::kernels

#include "kernels/bitcode/pieces.h"
