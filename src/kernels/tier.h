// The table of one tier: every line of the kernel list over one vector wrapper.
#pragma once

#include "kernels/attention.h"
#include "kernels/elementwise.h"
#include "kernels/matmul_f32.h"
#include "kernels/matmul_int8.h"
#include "kernels/quantize.h"

namespace spyre::kernels {
namespace {

template <typename V>
constexpr KernelTable tier_table(Isa isa) {
  KernelTable table{};
  table.isa = isa;
  table.quantize_row = quantize_row<V>;
  table.rms_norm = rms_norm<V>;
  table.layer_norm = layer_norm<V>;
  table.rope = rope<V>;
  table.scale = scale<V>;
  table.softmax = softmax<V>;
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

}  // namespace
}  // namespace spyre::kernels
