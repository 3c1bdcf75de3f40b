// The table of one tier: every line of the kernel list over one vector wrapper.
#pragma once

#include "kernels/attention.h"
#include "kernels/elementwise.h"
#include "kernels/matmul_bf16.h"
#include "kernels/matmul_f32.h"
#include "kernels/matmul_int8.h"
#include "kernels/pieces_heads.h"
#include "kernels/pieces_panels.h"
#include "kernels/pieces_rows.h"
#include "kernels/quantize.h"

namespace spyre::kernels {
namespace {

template <typename V>
constexpr KernelTable tier_table(Isa isa) {
  KernelTable table{};
  table.isa = isa;
  table.quantize_row = quantize_row<V>;
  table.matmul_bf16 = matmul_bf16<V>;
  table.prepare_bf16 = prepare_bf16<V>;
  table.rms_norm = rms_norm<V>;
  table.layer_norm = layer_norm<V>;
  table.rope = rope<V>;
  table.scale = scale<V>;
  table.softmax = softmax<V>;
  table.mean_rows = mean_rows<V>;
  table.max_rows = max_rows<V>;
#define SPYRE_WEIGHT_FLOAT(format) \
  table.matmul_f32[static_cast<size_t>(Format::format)] = matmul_float<V, Format::format>;
#define SPYRE_WEIGHT_INTEGER(format)                                                              \
  table.matmul_f32[static_cast<size_t>(Format::format)] = matmul_dequantizing<V, Format::format>; \
  table.matmul_int8[static_cast<size_t>(Format::format)] = matmul_int8<V, Format::format>;
#define SPYRE_ATTENTION(name, format) table.name = attention<V, Format::format>;
#define SPYRE_UNARY(name) table.name = name<V>;
#define SPYRE_BINARY(name) table.name = name<V>;
#include "kernels/kernel_list.inc"
  return table;
}

using PieceRow = PieceFunction[kNumFormats];

template <typename V>
struct TierPieces {
  PieceRow functions[kPieceNames.size()] = {};

  // Every piece but embed, which no tier specialises.
  constexpr TierPieces() {
    add<PieceKind::kMatmulBF16, Format::kBF16>(piece_matmul_bf16<V, Format::kBF16>);
    add<PieceKind::kExpertsBF16, Format::kBF16>(piece_experts_bf16<V, Format::kBF16>);
#define SPYRE_PIECE(kind, name) functions[static_cast<size_t>(PieceKind::kind)][0] = name<V>;
#define SPYRE_WEIGHT_FLOAT(format)                                                 \
  add<PieceKind::kMatmulF32, Format::format>(piece_matmul_f32<V, Format::format>); \
  add<PieceKind::kExpertsF32, Format::format>(piece_experts_f32<V, Format::format>);
#define SPYRE_WEIGHT_INTEGER(format)                                                 \
  add<PieceKind::kMatmulF32, Format::format>(piece_matmul_f32<V, Format::format>);   \
  add<PieceKind::kMatmulInt8, Format::format>(piece_matmul_int8<V, Format::format>); \
  add<PieceKind::kExpertsF32, Format::format>(piece_experts_f32<V, Format::format>); \
  add<PieceKind::kExpertsInt8, Format::format>(piece_experts_int8<V, Format::format>);
#define SPYRE_ATTENTION(name, format)                                          \
  add<PieceKind::kWriteKv, Format::format>(piece_write_kv<V, Format::format>); \
  add<PieceKind::kAttend, Format::format>(piece_attend<V, Format::format>);
#include "kernels/kernel_list.inc"
#include "kernels/piece_list.inc"
  }

 private:
  template <PieceKind kKind, Format kFormat>
  constexpr void add(PieceFunction function) {
    functions[static_cast<size_t>(kKind)][static_cast<size_t>(kFormat)] = function;
  }
};

}  // namespace
}  // namespace spyre::kernels
