// The pieces of one tier under names that the compiler finds (symbol() of piece.h). Units that
// include this become LLVM bitcode, which is kept in the compiler's program; nothing calls them as
// they are.
#pragma once

#include "kernels/tier.h"

namespace spyre::kernels {

#define SPYRE_EXPORT(symbol, function)                                                 \
  extern "C" __attribute__((visibility("default"))) void symbol(                       \
      const Piece& piece, void* const* at, int64_t rows, int64_t begin, int64_t end) { \
    function(piece, at, rows, begin, end);                                             \
  }
#define SPYRE_PIECE(kind, name) SPYRE_EXPORT(spyre_##name, name<Vec>)
#include "kernels/piece_list.inc"

// Format::kQ4_0 is called "Q4_0"; grouped formats are spelled in capitals.
#define SPYRE_FLOAT_PIECES(format)                                                       \
  SPYRE_EXPORT(spyre_piece_matmul_f32_##format, (piece_matmul_f32<Vec, Format::format>)) \
  SPYRE_EXPORT(spyre_piece_experts_f32_##format, (piece_experts_f32<Vec, Format::format>))
SPYRE_EXPORT(spyre_piece_matmul_bf16_kBF16, (piece_matmul_bf16<Vec, Format::kBF16>))
SPYRE_EXPORT(spyre_piece_experts_bf16_kBF16, (piece_experts_bf16<Vec, Format::kBF16>))
#define SPYRE_WEIGHT_FLOAT(format) SPYRE_FLOAT_PIECES(format)
#define SPYRE_WEIGHT_INTEGER(format)                                                       \
  SPYRE_FLOAT_PIECES(format)                                                               \
  SPYRE_EXPORT(spyre_piece_matmul_int8_##format, (piece_matmul_int8<Vec, Format::format>)) \
  SPYRE_EXPORT(spyre_piece_experts_int8_##format, (piece_experts_int8<Vec, Format::format>))
#define SPYRE_ATTENTION(name, format)                                                \
  SPYRE_EXPORT(spyre_piece_write_kv_##format, (piece_write_kv<Vec, Format::format>)) \
  SPYRE_EXPORT(spyre_piece_attend_##format, (piece_attend<Vec, Format::format>))
#include "kernels/kernel_list.inc"

}  // namespace spyre::kernels
