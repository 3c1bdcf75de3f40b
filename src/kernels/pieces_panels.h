// Pieces over panels: matmuls, those of chosen experts, and the sum over experts (piece_list.inc).
#pragma once

#include "kernels/matmul_bf16.h"
#include "kernels/matmul_f32.h"
#include "kernels/matmul_int8.h"
#include "kernels/pieces_rows.h"

namespace spyre::kernels {
namespace {

template <typename Matmul>
void matmul_piece(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t end,
                  Format format, Matmul matmul) {
  const PackedMatrix weights = {.format = format,
                                .rows = p.columns,
                                .columns = p.depth,
                                .group_columns = p.run,
                                .panels = values<std::byte>(at, p.weight)};
  matmul({.weights = &weights,
          .input = row_of<std::byte>(p.x, at, 0),
          .input_stride = p.x.stride,
          .m = rows,
          .output = row_of(p.out, at, 0),
          .output_stride = p.out.stride,
          .bias = values(at, p.bias),
          .panel_begin = begin,
          .panel_end = end,
          .prefetch_bytes = p.prefetch_bytes,
          .pass_bytes = p.pass_bytes});
}

// A pair at a time: which expert is known at run time only.
template <typename Matmul>
void experts_piece(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t end,
                   Format format, Matmul matmul) {
  const auto* experts = values<int32_t>(at, p.ids);
  for (int64_t pair = 0; pair < rows * p.count; ++pair) {
    const PackedMatrix weights = {
        .format = format,
        .rows = p.columns,
        .columns = p.depth,
        .group_columns = p.run,
        .panels = values<std::byte>(at, p.weight) + experts[pair] * p.stride};
    matmul({.weights = &weights,
            .input = row_of<std::byte>(p.x, at, p.by_panels == 1 ? pair / p.count : pair),
            .input_stride = p.x.stride,
            .m = 1,
            .output = row_of(p.out, at, pair),
            .output_stride = p.out.stride,
            .bias = nullptr,
            .panel_begin = begin,
            .panel_end = end,
            .prefetch_bytes = p.prefetch_bytes,
            .pass_bytes = p.pass_bytes});
  }
}

template <typename V, Format kFormat>
void float_or_dequantizing(const MatmulArgs& args) {
  if constexpr (is_float(kFormat)) {
    matmul_float<V, kFormat>(args);
  } else {
    matmul_dequantizing<V, kFormat>(args);
  }
}

template <typename V, Format kFormat>
void piece_matmul_f32(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t end) {
  matmul_piece(p, at, rows, begin, end, kFormat,
               [](const MatmulArgs& args) { float_or_dequantizing<V, kFormat>(args); });
}

template <typename V, Format kFormat>
void piece_matmul_bf16(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t end) {
  matmul_piece(p, at, rows, begin, end, kFormat,
               [](const MatmulArgs& args) { matmul_bf16<V>(args); });
}

template <typename V, Format kFormat>
void piece_experts_bf16(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t end) {
  experts_piece(p, at, rows, begin, end, kFormat,
                [](const MatmulArgs& args) { matmul_bf16<V>(args); });
}

template <typename V, Format kFormat>
void piece_matmul_int8(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t end) {
  matmul_piece(p, at, rows, begin, end, kFormat,
               [](const MatmulArgs& args) { matmul_int8<V, kFormat>(args); });
}

template <typename V, Format kFormat>
void piece_experts_f32(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t end) {
  experts_piece(p, at, rows, begin, end, kFormat,
                [](const MatmulArgs& args) { float_or_dequantizing<V, kFormat>(args); });
}

template <typename V, Format kFormat>
void piece_experts_int8(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t end) {
  experts_piece(p, at, rows, begin, end, kFormat,
                [](const MatmulArgs& args) { matmul_int8<V, kFormat>(args); });
}

// Best expert first, ties to the lower number; softmax over the chosen.
template <typename V>
void piece_route(const Piece& p, void* const* at, int64_t, int64_t begin, int64_t end) {
  auto* chosen_of_all = static_cast<int32_t*>(at[p.ids]);
  for (int64_t row = begin; row < end; ++row) {
    const float* logits = row_of(p.x, at, row);
    float* weights = row_of(p.out, at, row);
    int32_t* chosen = chosen_of_all + row * p.count;
    for (int64_t rank = 0; rank < p.count; ++rank) {
      int32_t best = -1;
      for (int32_t expert = 0; expert < p.depth; ++expert) {
        bool taken = false;
        for (int64_t i = 0; i < rank; ++i) taken = taken || chosen[i] == expert;
        if (!taken && (best < 0 || logits[expert] > logits[best])) best = expert;
      }
      chosen[rank] = best;
      weights[rank] = logits[best];
    }
    softmax<V>(weights, weights, p.count);
  }
}

template <typename V>
void piece_combine(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t end) {
  using F = typename V::F;
  const int64_t first = begin * kPanelRows;
  const int64_t columns = smaller(end * kPanelRows, p.columns) - first;
  for (int64_t row = 0; row < rows; ++row) {
    const float* weights = row_of(p.y, at, row);
    for_vectors<V>(columns, [&](int64_t c, int64_t count) {
      F sum = V::zero();
      for (int64_t rank = 0; rank < p.count; ++rank) {
        const float* expert = row_of(p.x, at, row * p.count + rank) + first + c;
        sum = V::add(sum, V::mul(load_some<V>(expert, count), V::set1(weights[rank])));
      }
      store_some<V>(row_of(p.out, at, row) + first + c, sum, count);
    });
  }
}

}  // namespace
}  // namespace spyre::kernels
