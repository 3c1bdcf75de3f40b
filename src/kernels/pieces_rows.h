// Pieces over rows, and the elementwise ones over rows or panels (piece_list.inc).
#pragma once

#include "kernels/elementwise.h"
#include "kernels/matmul_bf16.h"
#include "kernels/piece.h"
#include "kernels/quantize.h"

namespace spyre::kernels {
namespace {

template <typename T = float>
T* row_of(const Operand& operand, void* const* at, int64_t row) {
  return static_cast<T*>(at[operand.slot]) + operand.offset + row * operand.stride;
}

template <typename T = float>
const T* values(void* const* at, int64_t slot) {
  return slot == kNoSlot ? nullptr : static_cast<const T*>(at[slot]);
}

inline void copy_floats(const float* from, float* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = from[i];
}

// body(row, column, count) over the share of an elementwise piece.
template <typename Body>
void for_share(const Piece& p, int64_t rows, int64_t begin, int64_t end, Body body) {
  if (p.by_panels == 0) {
    for (int64_t row = begin; row < end; ++row) body(row, int64_t{0}, p.columns);
    return;
  }
  const int64_t first = begin * kPanelRows;
  const int64_t count = smaller(end * kPanelRows, p.columns) - first;
  for (int64_t row = 0; row < rows; ++row) body(row, first, count);
}

template <typename Kernel>
void unary_piece(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t end,
                 Kernel kernel) {
  for_share(p, rows, begin, end, [&](int64_t row, int64_t column, int64_t count) {
    kernel(row_of(p.x, at, row) + column, row_of(p.out, at, row) + column, count);
  });
}

template <typename Kernel>
void binary_piece(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t end,
                  Kernel kernel) {
  for_share(p, rows, begin, end, [&](int64_t row, int64_t column, int64_t count) {
    kernel(row_of(p.x, at, row) + column, row_of(p.y, at, row) + column,
           row_of(p.out, at, row) + column, count);
  });
}

#define SPYRE_UNARY_PIECE(name)                                                                  \
  template <typename V>                                                                          \
  void piece_##name(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t end) { \
    unary_piece(p, at, rows, begin, end,                                                         \
                [](const float* x, float* out, int64_t n) { name<V>(x, out, n); });              \
  }
SPYRE_UNARY_PIECE(silu)
SPYRE_UNARY_PIECE(gelu)
SPYRE_UNARY_PIECE(gelu_tanh)
SPYRE_UNARY_PIECE(relu)
SPYRE_UNARY_PIECE(tanh)
#undef SPYRE_UNARY_PIECE

template <typename V>
void piece_scale(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t end) {
  unary_piece(p, at, rows, begin, end,
              [&](const float* x, float* out, int64_t n) { scale<V>(x, p.a, out, n); });
}

template <typename V>
void piece_add(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t end) {
  binary_piece(p, at, rows, begin, end,
               [](const float* x, const float* y, float* out, int64_t n) { add<V>(x, y, out, n); });
}

template <typename V>
void piece_mul(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t end) {
  binary_piece(p, at, rows, begin, end,
               [](const float* x, const float* y, float* out, int64_t n) { mul<V>(x, y, out, n); });
}

template <typename V>
void piece_gather_rows(const Piece& p, void* const* at, int64_t, int64_t begin, int64_t end) {
  const auto* ids = values<int32_t>(at, p.ids);
  for (int64_t row = begin; row < end; ++row) {
    copy_floats(row_of(p.x, at, ids[row]), row_of(p.out, at, row), p.columns);
  }
}

// call(x, out, rows) for each row of the share, which stands for so many of x.
template <typename Call>
void for_pools(const Piece& p, void* const* at, int64_t begin, int64_t end, Call call) {
  const auto* firsts = values<int32_t>(at, p.ids);
  const auto* lengths = values<int32_t>(at, p.lengths);
  for (int64_t row = begin; row < end; ++row) {
    call(row_of(p.x, at, firsts[row]), row_of(p.out, at, row), lengths[row]);
  }
}

template <typename V>
void piece_mean_pool(const Piece& p, void* const* at, int64_t, int64_t begin, int64_t end) {
  for_pools(p, at, begin, end, [&](const float* x, float* out, int64_t rows) {
    mean_rows<V>(x, out, rows, p.columns);
  });
}

template <typename V>
void piece_max_pool(const Piece& p, void* const* at, int64_t, int64_t begin, int64_t end) {
  for_pools(p, at, begin, end, [&](const float* x, float* out, int64_t rows) {
    max_rows<V>(x, out, rows, p.columns);
  });
}

template <typename V>
void piece_add_offset(const Piece& p, void* const* at, int64_t, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    *row_of<int32_t>(p.out, at, row) =
        *row_of<int32_t>(p.x, at, row) + static_cast<int32_t>(p.count);
  }
}

template <typename V>
void piece_rms_norm(const Piece& p, void* const* at, int64_t, int64_t begin, int64_t end) {
  const auto* w = values(at, p.weight);
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t c = 0; c < p.columns; c += p.run) {
      rms_norm<V>(row_of(p.x, at, row) + c, w, row_of(p.out, at, row) + c, p.run, p.a, p.b);
    }
  }
}

template <typename V>
void piece_layer_norm(const Piece& p, void* const* at, int64_t, int64_t begin, int64_t end) {
  const auto* w = values(at, p.weight);
  const auto* bias = values(at, p.bias);
  for (int64_t row = begin; row < end; ++row) {
    layer_norm<V>(row_of(p.x, at, row), w, bias, row_of(p.out, at, row), p.columns, p.a);
  }
}

template <typename V>
void piece_rope(const Piece& p, void* const* at, int64_t, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    float* out = row_of(p.out, at, row);
    copy_floats(row_of(p.x, at, row), out, p.columns);
    const auto* cosines = values(at, p.table) + row * p.count;
    const auto* sines = values(at, p.extra) + row * p.count;
    for (int64_t c = 0; c < p.columns; c += p.run) rope<V>(out + c, cosines, sines, 2 * p.count);
  }
}

template <typename V>
void piece_slice_heads(const Piece& p, void* const* at, int64_t, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const float* x = row_of(p.x, at, row);
    float* out = row_of(p.out, at, row);
    for (int64_t c = 0; c < p.columns; c += p.count, x += p.run) {
      copy_floats(x, out + c, p.count);
    }
  }
}

// The row of x in the order that the weight wants.
inline const float* ordered(const Piece& p, void* const* at, int64_t row) {
  const float* x = row_of(p.x, at, row);
  if (p.ids == kNoSlot) return x;
  const auto* order = values<int32_t>(at, p.ids);
  auto* scratch = static_cast<float*>(at[p.extra]);
  for (int64_t k = 0; k < p.columns; ++k) scratch[k] = x[order[k]];
  return scratch;
}

template <typename Kernel>
void prepare_piece(const Piece& p, void* const* at, int64_t begin, int64_t end, Kernel kernel) {
  for (int64_t row = begin; row < end; ++row) {
    kernel(ordered(p, at, row), row_of<std::byte>(p.out, at, row), p.columns);
  }
}

template <typename V>
void piece_prepare_f32(const Piece& p, void* const* at, int64_t, int64_t begin, int64_t end) {
  prepare_piece(p, at, begin, end, [](const float* x, std::byte* out, int64_t n) {
    copy_floats(x, reinterpret_cast<float*>(out), n);
  });
}

template <typename V>
void piece_prepare_f16(const Piece& p, void* const* at, int64_t, int64_t begin, int64_t end) {
  prepare_piece(p, at, begin, end, [](const float* x, std::byte* out, int64_t n) {
    round_f16<V>(x, reinterpret_cast<float*>(out), n);
  });
}

template <typename V>
void piece_prepare_bf16(const Piece& p, void* const* at, int64_t, int64_t begin, int64_t end) {
  prepare_piece(p, at, begin, end,
                [](const float* x, std::byte* out, int64_t n) { prepare_bf16<V>(x, out, n); });
}

template <typename V>
void piece_prepare_int8(const Piece& p, void* const* at, int64_t, int64_t begin, int64_t end) {
  prepare_piece(p, at, begin, end,
                [](const float* x, std::byte* out, int64_t n) { quantize_row<V>(x, n, out); });
}

}  // namespace
}  // namespace spyre::kernels
