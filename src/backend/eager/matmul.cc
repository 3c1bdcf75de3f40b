#include "backend/eager/matmul.h"

#include <cstring>

namespace spyre::backend {

namespace {

void prepare_row(const kernels::KernelTable& kernels, InputType type, const float* x,
                 int64_t columns, std::byte* out) {
  auto* floats = reinterpret_cast<float*>(out);
  switch (type) {
    case InputType::kF32:
      std::memcpy(out, x, static_cast<size_t>(columns) * sizeof(float));
      return;
    case InputType::kF16:
      kernels.round_f16(x, floats, columns);
      return;
    case InputType::kBF16:
      kernels.prepare_bf16(x, out, columns);
      return;
    case InputType::kInt8:
      kernels.quantize_row(x, columns, out);
      return;
  }
}

}  // namespace

void prepare_input(EagerContext& context, const Weight& weight, const float* x, int64_t rows,
                   int64_t columns, std::byte* out) {
  const size_t row_bytes = prepared_row_bytes(weight.input, columns);
  context.for_rows(rows, columns, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* source = x + row * columns;
      if (!weight.input_order.empty()) {
        // A range of rows starts at begin: its first row names the scratch row that no other range
        // uses.
        float* reordered = context.reordered_input.as<float>() + begin * columns;
        for (int64_t k = 0; k < columns; ++k) {
          reordered[k] = source[weight.input_order[static_cast<size_t>(k)]];
        }
        source = reordered;
      }
      prepare_row(context.kernels, weight.input, source, columns,
                  out + static_cast<size_t>(row) * row_bytes);
    }
  });
}

void matmul_prepared(EagerContext& context, const kernels::PackedMatrix& matrix, InputType type,
                     const std::byte* prepared, int64_t rows, const float* bias, float* out) {
  const auto format = static_cast<size_t>(matrix.format);
  const kernels::MatmulFunction matmul =
      type == InputType::kInt8   ? context.kernels.matmul_int8[format]
      : type == InputType::kBF16 ? context.kernels.matmul_bf16
                                 : context.kernels.matmul_f32[format];
  const int64_t panels = (matrix.rows + kernels::kPanelRows - 1) / kernels::kPanelRows;
  const auto run = [&](int64_t begin, int64_t end) {
    matmul({.weights = &matrix,
            .input = prepared,
            .input_stride = static_cast<int64_t>(prepared_row_bytes(type, matrix.columns)),
            .m = rows,
            .output = out,
            .output_stride = matrix.rows,
            .bias = bias,
            .panel_begin = begin,
            .panel_end = end});
  };
  if (rows * matrix.rows * matrix.columns < EagerContext::kSerialWork) {
    run(0, panels);
  } else {
    context.pool.parallel_for(panels, run);
  }
}

}  // namespace spyre::backend
