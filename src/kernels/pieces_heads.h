// Pieces over attention's items: the heads of an item in scratch, keys and values into the cache,
// and attention itself (piece_list.inc).
#pragma once

#include "kernels/attention.h"
#include "kernels/pieces_rows.h"

namespace spyre::kernels {
namespace {

// step_rows is a constant where programs are of one row: then that is an item's number as well.
inline AttentionItem item_of(const Piece& p, void* const* at, int64_t step_rows, int64_t index) {
  if (p.items == kNoSlot) {
    return {.row = static_cast<int32_t>(index / p.count),
            .rows = 1,
            .head = static_cast<int32_t>(index % p.count),
            .heads = 1};
  }
  AttentionItem item = values<AttentionItem>(at, p.items)[index];
  if (step_rows == 1) item.rows = 1;
  return item;
}

template <typename V>
void piece_load_heads(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t) {
  const AttentionItem item = item_of(p, at, rows, begin);
  const int64_t width = item.heads * p.run;
  for (int64_t i = 0; i < item.rows; ++i) {
    copy_floats(row_of(p.x, at, item.row + i) + item.head * p.run, row_of(p.out, at, 0) + i * width,
                width);
  }
}

template <typename V>
void piece_head_norm(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t) {
  const AttentionItem item = item_of(p, at, rows, begin);
  float* head = row_of(p.out, at, 0);
  for (int64_t i = 0; i < int64_t{item.rows} * item.heads; ++i, head += p.run) {
    rms_norm<V>(head, values(at, p.weight), head, p.run, p.a, p.b);
  }
}

template <typename V>
void piece_head_rope(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t) {
  const AttentionItem item = item_of(p, at, rows, begin);
  float* head = row_of(p.out, at, 0);
  for (int64_t row = item.row; row < item.row + item.rows; ++row) {
    const float* cosines = values(at, p.table) + row * p.depth;
    const float* sines = values(at, p.extra) + row * p.depth;
    for (int64_t i = 0; i < item.heads; ++i, head += p.run) {
      rope<V>(head, cosines, sines, 2 * p.depth);
    }
  }
}

// One vector's worth of values to the cache's format: f32 as they are, f16 saturated.
template <typename V, Format kKv>
void store_as(std::byte* to, typename V::F v, int64_t count) {
  if constexpr (kKv == Format::kF32) {
    store_some<V>(reinterpret_cast<float*>(to), v, count);
  } else if constexpr (kKv == Format::kF16) {
    V::store_f16(to, V::max(V::set1(-65504.0f), V::min(V::set1(65504.0f), v)), count);
  } else {
    float rounded[V::kLanes];
    V::store(rounded, v);
    round_bf16<V>(rounded, rounded, V::kLanes);
    for (int64_t i = 0; i < count; ++i) {
      const auto high = static_cast<uint16_t>(__builtin_bit_cast(uint32_t, rounded[i]) >> 16);
      __builtin_memcpy(to + 2 * i, &high, sizeof(high));
    }
  }
}

inline const int32_t* block_row(const Piece& p, void* const* at, int64_t row) {
  return values<int32_t>(at, p.table) + values<int32_t>(at, p.extra)[row] * p.depth;
}

template <typename V, Format kKv>
void piece_write_kv(const Piece& p, void* const* at, int64_t, int64_t begin, int64_t end) {
  constexpr int64_t kBytes = kFloatBytes<kKv>;
  for (int64_t item = begin; item < end; ++item) {
    const int64_t row = item / p.count;
    const int64_t head = item % p.count;
    const int64_t position = values<int32_t>(at, p.ids)[row];
    const int64_t slot = position % kKvBlockTokens;
    const int64_t block = block_row(p, at, row)[position / kKvBlockTokens];
    // Heads of a block lie one after the other, keys and values of a head as one piece.
    const int64_t offset = block * p.stride + head * 2 * p.run * kKvBlockTokens * kBytes;
    auto* keys = static_cast<std::byte*>(at[p.weight]) + offset;
    auto* kept = static_cast<std::byte*>(at[p.bias]) + offset + slot * p.run * kBytes;
    const float* k = row_of(p.x, at, 0);
    const float* v = row_of(p.y, at, row) + head * p.run;
    auto* converted = row_of<std::byte>(p.out, at, 0);
    for_vectors<V>(p.run, [&](int64_t d, int64_t count) {
      store_as<V, kKv>(kept + d * kBytes, load_some<V>(v + d, count), count);
      store_as<V, kKv>(converted + d * kBytes, load_some<V>(k + d, count), count);
    });
    for (int64_t d = 0; d < p.run; ++d) {
      __builtin_memcpy(keys + (d * kKvBlockTokens + slot) * kBytes, converted + d * kBytes, kBytes);
    }
  }
}

template <typename V, Format kKv>
void piece_attend(const Piece& p, void* const* at, int64_t rows, int64_t begin, int64_t) {
  const AttentionItem item = item_of(p, at, rows, begin);
  const int64_t kv_head = item.head / (p.columns / p.run);
  const int64_t pool = kv_head * 2 * p.run * kKvBlockTokens * kFloatBytes<kKv>;
  const int32_t sequence = values<int32_t>(at, p.extra)[item.row];
  const float* relative = nullptr;
  if (p.relative != kNoSlot) {
    relative = values(at, p.relative) + item.head * p.relative_stride + p.relative_stride / 2;
  }
  const AttentionArgs args = {
      .q = row_of(p.x, at, 0),
      .out = row_of(p.out, at, item.row) + item.head * p.run,
      .out_stride = p.out.stride,
      .rows = item.rows,
      .group = item.heads,
      .head_dim = p.run,
      .k_pool = values<std::byte>(at, p.weight) + pool,
      .v_pool = values<std::byte>(at, p.bias) + pool,
      .block_stride = p.stride,
      .block_table = block_row(p, at, item.row),
      .window = p.window,
      .keys = p.lengths == kNoSlot ? 0 : values<int32_t>(at, p.lengths)[sequence],
      .position = values<int32_t>(at, p.ids)[item.row],
      .scale = p.a,
      .softcap = p.b,
      .bias = relative,
      .bias_stride = p.relative_stride,
      .scratch = row_of(p.y, at, 0)};
  attention<V, kKv>(args);
}

}  // namespace
}  // namespace spyre::kernels
