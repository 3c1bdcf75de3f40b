// The tables of the instruction set tiers (isa_list.inc), one translation unit each, compiled with
// that tier's flags. Those units include this room's
// algorithm headers inside unnamed namespaces and call nothing of the standard library: an inline
// function compiled with AVX-512 must never be the copy that the linker keeps for everybody.
#pragma once

#include "kernels/kernels.h"
#include "kernels/piece.h"

namespace spyre::kernels {

using PieceTable = const PieceFunction (*)[kNumFormats];  // [kind][format]

#define SPYRE_ISA(tier, word) \
  PieceTable word##_pieces(); \
  const KernelTable& word##_table();
#include "kernels/isa_list.inc"

}  // namespace spyre::kernels
