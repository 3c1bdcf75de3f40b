// Matmuls of the eager backend: inputs are rounded to the weight's input type once, then every
// thread computes its panels.
#pragma once

#include <cstdint>

#include "backend/eager/context.h"

namespace spyre::backend {

using kernels::prepared_row_bytes;

// Rounds (or quantises) x [rows, columns] f32 into out, prepared_row_bytes() apart.
void prepare_input(EagerContext& context, const Weight& weight, const float* x, int64_t rows,
                   int64_t columns, std::byte* out);

// out [rows, matrix.rows] = prepared [rows] times matrix, plus bias [matrix.rows] when given.
void matmul_prepared(EagerContext& context, const kernels::PackedMatrix& matrix, InputType type,
                     const std::byte* prepared, int64_t rows, const float* bias, float* out);

}  // namespace spyre::backend
