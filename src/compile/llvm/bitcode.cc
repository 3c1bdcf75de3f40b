// The build folder's files, put in by the assembler.
#include "compile/llvm/bitcode.h"

#define SPYRE_BITCODE(tier)                                                                     \
  __asm__(".section .rodata\n.balign 64\n.global spyre_bitcode_" #tier "\nspyre_bitcode_" #tier \
          ":\n.incbin \"" SPYRE_BITCODE_FOLDER "/" #tier ".bc\"\n.global spyre_bitcode_" #tier  \
          "_end\nspyre_bitcode_" #tier "_end:\n.previous\n");                                   \
  extern "C" const char spyre_bitcode_##tier[];                                                 \
  extern "C" const char spyre_bitcode_##tier##_end[];
SPYRE_BITCODE(scalar)
SPYRE_BITCODE(avx2)
SPYRE_BITCODE(avx512)
SPYRE_BITCODE(avx512bf16)
#undef SPYRE_BITCODE

namespace spyre::compile {

std::string_view bitcode(kernels::Isa isa) {
  switch (isa) {
    case kernels::Isa::kAvx512Bf16:
      return {spyre_bitcode_avx512bf16, spyre_bitcode_avx512bf16_end};
    case kernels::Isa::kAvx512:
      return {spyre_bitcode_avx512, spyre_bitcode_avx512_end};
    case kernels::Isa::kAvx2:
      return {spyre_bitcode_avx2, spyre_bitcode_avx2_end};
    case kernels::Isa::kScalar:
      break;
  }
  return {spyre_bitcode_scalar, spyre_bitcode_scalar_end};
}

}  // namespace spyre::compile
