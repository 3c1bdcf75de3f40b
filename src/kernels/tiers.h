// The tables of the instruction set tiers, one translation unit each (scalar.cc, avx2.cc,
// avx512.cc, avx512bf16.cc), compiled with that tier's flags. Those units include this room's
// algorithm headers inside unnamed namespaces and call nothing of the standard library: an inline
// function compiled with AVX-512 must never be the copy that the linker keeps for everybody.
#pragma once

#include "kernels/kernels.h"
#include "kernels/piece.h"

namespace spyre::kernels {

using PieceTable = const PieceFunction (*)[kNumFormats];  // [kind][format]

PieceTable scalar_pieces();
PieceTable avx2_pieces();
PieceTable avx512_pieces();
PieceTable avx512bf16_pieces();

const KernelTable& scalar_table();
const KernelTable& avx2_table();
const KernelTable& avx512_table();
const KernelTable& avx512bf16_table();

}  // namespace spyre::kernels
