// The amxint8 tier, for the compiler.
#include "kernels/vec_amx.h"

namespace spyre::kernels {
namespace {
using Vec = AmxInt8Vec;
}
}  // namespace spyre::kernels

#include "kernels/bitcode/pieces.h"
