// The build folder's files, put in by the assembler.
#include "compile/llvm/bitcode.h"

#define SPYRE_BITCODE(tier)                                                                     \
  __asm__(".section .rodata\n.balign 64\n.global spyre_bitcode_" #tier "\nspyre_bitcode_" #tier \
          ":\n.incbin \"" SPYRE_BITCODE_FOLDER "/" #tier ".bc\"\n.global spyre_bitcode_" #tier  \
          "_end\nspyre_bitcode_" #tier "_end:\n.previous\n");                                   \
  extern "C" const char spyre_bitcode_##tier[];                                                 \
  extern "C" const char spyre_bitcode_##tier##_end[];
#define SPYRE_ISA(tier, word) SPYRE_BITCODE(word)
#include "kernels/isa_list.inc"
#undef SPYRE_BITCODE

namespace spyre::compile {

std::string_view bitcode(kernels::Isa isa) {
  switch (isa) {
#define SPYRE_ISA(tier, word) \
  case kernels::Isa::tier:    \
    return {spyre_bitcode_##word, spyre_bitcode_##word##_end};
#include "kernels/isa_list.inc"
  }
  return {spyre_bitcode_scalar, spyre_bitcode_scalar_end};
}

}  // namespace spyre::compile
