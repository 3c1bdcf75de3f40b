// Attention of a tile of query rows over paged keys and values (AttentionArgs), over a vector
// wrapper. Rows and the heads of their group are pairs, which go in tiles so that a loaded (and
// converted) key or value serves up to six. What tiles share are loads: each pair's roundings are
// those it has alone, in the same order. So
//   - keys that all rows see are summed together, the few at the edges row by row, with the sums
//     kept in between as f32;
//   - scores are computed for keys that some rows do not see as well, then set to -infinity: they
//     get the weight +0 and no part in maximum or output. Their values are never multiplied, since
//     0 times a NaN is one.
#pragma once

#include "kernels/lanes.h"
#include "kernels/math.h"
#include "kernels/matmul_f32.h"

namespace spyre::kernels {
namespace {

inline constexpr int kPairTile = 6;

// call(Constant<pairs>, pair): as few tiles as will do, of nearly equal sizes.
template <typename Call>
void for_pair_tiles(int64_t pair, int64_t end, Call call) {
  while (pair < end) {
    const int64_t left = end - pair;
    const int64_t tiles = (left + kPairTile - 1) / kPairTile;
    const int64_t pairs = (left + tiles - 1) / tiles;
    if (pairs == 6) call(Constant<6>(), pair);
    if (pairs == 5) call(Constant<5>(), pair);
    if (pairs == 4) call(Constant<4>(), pair);
    if (pairs == 3) call(Constant<3>(), pair);
    if (pairs == 2) call(Constant<2>(), pair);
    if (pairs == 1) call(Constant<1>(), pair);
    pair += pairs;
  }
}

// A chunk, and the rows that see any of it.
struct Chunk {
  int64_t start;  // position, a multiple of 256
  int64_t row_begin;
  int64_t row_end;
};

// Keys of a chunk, as offsets from its start.
struct Keys {
  int64_t begin;
  int64_t end;
};

template <typename V, Format kKv>
struct Attention {
  using F = typename V::F;
  // Beside six pairs they fill the registers: 24 sums of 32 registers, else 12 of 16.
  static constexpr int kVectors = V::kLanes == 16 ? 4 : 2;
  static constexpr int64_t kBytes = kFloatBytes<kKv>;

  const AttentionArgs& args;
  int64_t pairs;
  float* scores;     // [pairs][kAttentionChunk]
  float* chunk_out;  // [pairs][head_dim]
  float* maxima;     // [pairs], so far
  float* sums;       // [pairs], so far
  float* chunk_maxima;
  float* chunk_sums;

  explicit Attention(const AttentionArgs& a)
      : args(a),
        pairs(a.rows * a.group),
        scores(a.scratch),
        chunk_out(scores + pairs * kAttentionChunk),
        maxima(chunk_out + pairs * a.head_dim),
        sums(maxima + pairs),
        chunk_maxima(sums + pairs),
        chunk_sums(chunk_maxima + pairs) {}

  // First visible position of a row.
  int64_t first(int64_t row) const {
    return args.window > 0 ? larger(0, args.position + row - args.window + 1) : 0;
  }

  // The position after the last visible one of a row.
  int64_t last(int64_t row) const { return args.keys > 0 ? args.keys : args.position + row + 1; }

  Keys visible(const Chunk& chunk, int64_t row) const {
    return {larger(first(row) - chunk.start, 0), smaller(last(row) - chunk.start, kAttentionChunk)};
  }

  // The block that holds a position, from a pool.
  const std::byte* block_at(const std::byte* pool, int64_t position) const {
    return pool + args.block_table[position / kKvBlockTokens] * args.block_stride;
  }
  // What is read after the block of keys, or of values, that ends before this offset in the chunk.
  const std::byte* after_keys(const Chunk& chunk, int64_t next, const Keys& keys) const {
    if (next < keys.end) return block_at(args.k_pool, chunk.start + next);
    return block_at(args.v_pool, chunk.start + keys.begin);
  }
  const std::byte* after_values(const Chunk& chunk, int64_t next, const Keys& keys) const {
    if (next < keys.end) return block_at(args.v_pool, chunk.start + next);
    const int64_t position = chunk.start + kAttentionChunk;
    if (position < last(args.rows - 1)) return block_at(args.k_pool, position);
    return nullptr;
  }
  static void ask_for(const std::byte* at, int64_t bytes) {
    for (int64_t line = 0; line < bytes; line += kLineBytes) __builtin_prefetch(at + line, 0, 3);
  }

  static F load_values(const std::byte* p, int64_t count) {
    if (count >= V::kLanes) return load_as<V, kKv>(p);
    if constexpr (kKv == Format::kF32) return V::load(reinterpret_cast<const float*>(p), count);
    if constexpr (kKv == Format::kF16) return V::load_f16(p, count);
    if constexpr (kKv == Format::kBF16) return V::load_bf16(p, count);
  }

  F finished(F dot) const {
    const F score = V::mul(dot, V::set1(args.scale));
    if (args.softcap <= 0.0f) return score;
    const F cap = V::set1(args.softcap);
    return V::mul(cap, tanh<V>(V::div(score, cap)));
  }

  const float* bias_at(int64_t pair, int64_t key_position) const {
    return args.bias + pair % args.group * args.bias_stride + key_position -
           (args.position + pair / args.group);
  }

  // keys: this tile's first token of a block's first dimension. next: a block to ask for, or null.
  // position: of the first key.
  template <int kPairs>
  void score_tile(const std::byte* keys, int64_t position, int64_t pair, float* out,
                  const std::byte* next) const {
    F dots[kPairs][kVectors];
#pragma GCC unroll 6
    for (int64_t i = 0; i < kPairs; ++i) {
#pragma GCC unroll 4
      for (int64_t v = 0; v < kVectors; ++v) dots[i][v] = V::zero();
    }
    const float* q = args.q + pair * args.head_dim;
    for (int64_t d = 0; d < args.head_dim; ++d) {
      constexpr int64_t kRow = kKvBlockTokens * kBytes;
      if (next != nullptr) ask_for(next + d * kRow, kRow);
      F k[kVectors];
#pragma GCC unroll 4
      for (int64_t v = 0; v < kVectors; ++v) {
        k[v] = load_as<V, kKv>(keys + d * kRow + v * V::kLanes * kBytes);
      }
#pragma GCC unroll 6
      for (int64_t i = 0; i < kPairs; ++i) {
        const F x = V::set1(q[i * args.head_dim + d]);
#pragma GCC unroll 4
        for (int64_t v = 0; v < kVectors; ++v) dots[i][v] = V::fma(x, k[v], dots[i][v]);
      }
    }
#pragma GCC unroll 6
    for (int64_t i = 0; i < kPairs; ++i) {
#pragma GCC unroll 4
      for (int64_t v = 0; v < kVectors; ++v) {
        F score = finished(dots[i][v]);
        if (args.bias != nullptr) {
          score = V::add(score, V::load(bias_at(pair + i, position + v * V::kLanes)));
        }
        V::store(out + i * kAttentionChunk + v * V::kLanes, score);
      }
    }
  }

  // Of all keys that any row of the chunk sees.
  void score_chunk(const Chunk& chunk, const Keys& keys) const {
    constexpr int kTokens = kVectors * V::kLanes;
    const int64_t first_pair = chunk.row_begin * args.group;
    for (int64_t at = keys.begin / kTokens * kTokens; at < keys.end; at += kTokens) {
      const int64_t position = chunk.start + at;
      const int64_t slot = position % kKvBlockTokens;
      const std::byte* block = block_at(args.k_pool, position);
      const std::byte* next = slot == 0 ? after_keys(chunk, at + kKvBlockTokens, keys) : nullptr;
      const auto tile = [&](auto count, int64_t pair) {
        score_tile<decltype(count)::value>(block + slot * kBytes, position, pair,
                                           scores + pair * kAttentionChunk + at,
                                           pair == first_pair ? next : nullptr);
      };
      for_pair_tiles(first_pair, chunk.row_end * args.group, tile);
    }
  }

  // Scores of a pair to exp(score - max), in place.
  void weigh(const Keys& keys, int64_t pair) const {
    float* row = scores + pair * kAttentionChunk;
    const int64_t begin = keys.begin / kReduceLanes * kReduceLanes;
    const int64_t end = (keys.end + kReduceLanes - 1) / kReduceLanes * kReduceLanes;
    for (int64_t t = begin; t < keys.begin; ++t) row[t] = -__builtin_inff();
    for (int64_t t = keys.end; t < end; ++t) row[t] = -__builtin_inff();
    float* used = row + begin;
    Lanes16<V> largest(-__builtin_inff());
    largest.accumulate(end - begin, [&](F& part, int64_t at, int64_t) {
      part = V::max(V::load(used + at), part);
    });
    chunk_maxima[pair] = largest.max();
    const F top = V::set1(chunk_maxima[pair]);
    Lanes16<V> total(0.0f);
    total.accumulate(end - begin, [&](F& part, int64_t at, int64_t) {
      const F p = exp<V>(V::sub(V::load(used + at), top));
      V::store(used + at, p);
      part = V::add(part, p);
    });
    chunk_sums[pair] = total.sum();
  }

  // Goes on with the sums of weights times values in chunk_out, for kPairs pairs and kWide vectors
  // of dimensions.
  template <int kPairs, int kWide>
  void value_tile(const Chunk& chunk, const Keys& keys, int64_t pair, int64_t d, bool ask) const {
    const auto count_at = [&](int64_t v) {
      return smaller(V::kLanes, args.head_dim - d - v * V::kLanes);
    };
    float* kept = chunk_out + pair * args.head_dim + d;
    F out[kPairs][kWide];
#pragma GCC unroll 6
    for (int64_t i = 0; i < kPairs; ++i) {
#pragma GCC unroll 4
      for (int64_t v = 0; v < kWide; ++v) {
        out[i][v] = load_some<V>(kept + i * args.head_dim + v * V::kLanes, count_at(v));
      }
    }
    const float* weights = scores + pair * kAttentionChunk;
    const int64_t row_bytes = args.head_dim * kBytes;
    for (int64_t t = keys.begin; t < keys.end;) {
      const int64_t position = chunk.start + t;
      const int64_t slot = position % kKvBlockTokens;
      const std::byte* values = block_at(args.v_pool, position) + slot * row_bytes + d * kBytes;
      const int64_t end = smaller(keys.end, t + kKvBlockTokens - slot);
      const std::byte* next = ask ? after_values(chunk, t + kKvBlockTokens - slot, keys) : nullptr;
      for (; t < end; ++t, values += row_bytes) {
        if (next != nullptr) {
          ask_for(next, row_bytes);
          next += row_bytes;
        }
        F x[kWide];
#pragma GCC unroll 4
        for (int64_t v = 0; v + 1 < kWide; ++v) {
          x[v] = load_as<V, kKv>(values + v * V::kLanes * kBytes);
        }
        x[kWide - 1] = load_values(values + (kWide - 1) * V::kLanes * kBytes, count_at(kWide - 1));
#pragma GCC unroll 6
        for (int64_t i = 0; i < kPairs; ++i) {
          const F p = V::set1(weights[i * kAttentionChunk + t]);
#pragma GCC unroll 4
          for (int64_t v = 0; v < kWide; ++v) out[i][v] = V::fma(p, x[v], out[i][v]);
        }
      }
    }
#pragma GCC unroll 6
    for (int64_t i = 0; i < kPairs; ++i) {
#pragma GCC unroll 4
      for (int64_t v = 0; v < kWide; ++v) {
        store_some<V>(kept + i * args.head_dim + v * V::kLanes, out[i][v], count_at(v));
      }
    }
  }

  void add_values(const Chunk& chunk, const Keys& keys, int64_t pair_begin, int64_t pair_end,
                  bool ask) const {
    if (keys.begin >= keys.end) return;
    const auto tile = [&](auto count, int64_t pair) {
      constexpr int kPairs = decltype(count)::value;
      int64_t d = 0;
      for (; d + kVectors * V::kLanes <= args.head_dim; d += kVectors * V::kLanes) {
        value_tile<kPairs, kVectors>(chunk, keys, pair, d, ask && pair == pair_begin && d == 0);
      }
      // Heads of 32, too, share each weight between two vectors.
      if constexpr (kVectors > 2) {
        for (; d + 2 * V::kLanes <= args.head_dim; d += 2 * V::kLanes) {
          value_tile<kPairs, 2>(chunk, keys, pair, d, ask && pair == pair_begin && d == 0);
        }
      }
      for (; d < args.head_dim; d += V::kLanes) value_tile<kPairs, 1>(chunk, keys, pair, d, false);
    };
    for_pair_tiles(pair_begin, pair_end, tile);
  }

  // Every row in ascending order of keys: those before what all rows see, that, and those after.
  void sum_values(const Chunk& chunk) const {
    const int64_t begin = chunk.row_begin * args.group;
    const int64_t end = chunk.row_end * args.group;
    for_vectors<V>((end - begin) * args.head_dim, [&](int64_t at, int64_t count) {
      store_some<V>(chunk_out + begin * args.head_dim + at, V::zero(), count);
    });
    Keys shared = {visible(chunk, chunk.row_end - 1).begin, visible(chunk, chunk.row_begin).end};
    // Nothing is: all keys of a row are then before it.
    if (shared.begin >= shared.end) shared = {kAttentionChunk, kAttentionChunk};
    const int64_t rows = chunk.row_end - chunk.row_begin;
    // One loop, so that the tiles are inlined once.
    for (int64_t step = 0; step <= 2 * rows; ++step) {
      if (step == rows) {
        add_values(chunk, shared, begin, end, true);
        continue;
      }
      const int64_t row = chunk.row_begin + (step < rows ? step : step - rows - 1);
      const Keys keys = visible(chunk, row);
      const Keys part = step < rows ? Keys{keys.begin, smaller(keys.end, shared.begin)}
                                    : Keys{larger(keys.begin, shared.end), keys.end};
      add_values(chunk, part, row * args.group, (row + 1) * args.group, false);
    }
  }

  float* out_of(int64_t pair) const {
    return args.out + pair / args.group * args.out_stride + pair % args.group * args.head_dim;
  }

  // Factors of what was so far and of the chunk, which take the places of the chunk's sums and
  // maxima: keep = e^(max - new max), take = e^(chunk max - new max). sum = sum * keep + chunk sum
  // * take.
  void merge_sums(int64_t begin, int64_t end) const {
    for_vectors<V>(end - begin, [&](int64_t i, int64_t count) {
      const int64_t at = begin + i;
      const F old_max = load_some<V>(maxima + at, count);
      const F chunk_max = load_some<V>(chunk_maxima + at, count);
      const F max = V::max(chunk_max, old_max);
      const F keep = exp<V>(V::sub(old_max, max));
      const F take = exp<V>(V::sub(chunk_max, max));
      const F taken = V::mul(load_some<V>(chunk_sums + at, count), take);
      const F sum = V::fma(load_some<V>(sums + at, count), keep, taken);
      store_some<V>(maxima + at, max, count);
      store_some<V>(sums + at, sum, count);
      store_some<V>(chunk_sums + at, keep, count);
      store_some<V>(chunk_maxima + at, take, count);
    });
  }

  // out = out * keep + chunk_out * take.
  void merge(int64_t pair) const {
    const F keep = V::set1(chunk_sums[pair]);
    const F take = V::set1(chunk_maxima[pair]);
    float* out = out_of(pair);
    const float* added = chunk_out + pair * args.head_dim;
    for_vectors<V>(args.head_dim, [&](int64_t at, int64_t count) {
      const F part = V::mul(load_some<V>(added + at, count), take);
      store_some<V>(out + at, V::fma(load_some<V>(out + at, count), keep, part), count);
    });
  }

  void start(int64_t pair) const {
    maxima[pair] = chunk_maxima[pair];
    sums[pair] = chunk_sums[pair];
    float* out = out_of(pair);
    const float* first_out = chunk_out + pair * args.head_dim;
    for_vectors<V>(args.head_dim, [&](int64_t at, int64_t count) {
      store_some<V>(out + at, load_some<V>(first_out + at, count), count);
    });
  }

  void divide(int64_t pair) const {
    const F sum = V::set1(sums[pair]);
    float* out = out_of(pair);
    for_vectors<V>(args.head_dim, [&](int64_t at, int64_t count) {
      store_some<V>(out + at, V::div(load_some<V>(out + at, count), sum), count);
    });
  }

  // Rows of the tile that see any of the chunk that starts at this position.
  Chunk chunk_at(int64_t start) const {
    const int64_t past = start + kAttentionChunk - args.position;
    return {.start = start,
            .row_begin = args.keys > 0 ? 0 : larger(0, start - args.position),
            .row_end = args.window > 0 ? smaller(args.rows, past + args.window - 1) : args.rows};
  }

  void run() const {
    const int64_t end = last(args.rows - 1);
    for (int64_t at = first(0) / kAttentionChunk * kAttentionChunk; at < end;
         at += kAttentionChunk) {
      const Chunk chunk = chunk_at(at);
      score_chunk(chunk,
                  {visible(chunk, chunk.row_begin).begin, visible(chunk, chunk.row_end - 1).end});
      for (int64_t row = chunk.row_begin; row < chunk.row_end; ++row) {
        const Keys keys = visible(chunk, row);
        for (int64_t head = 0; head < args.group; ++head) weigh(keys, row * args.group + head);
      }
      sum_values(chunk);
      // Rows begin in ascending order.
      int64_t starting = chunk.row_begin;
      while (starting < chunk.row_end && first(starting) < at) ++starting;
      const int64_t begin = chunk.row_begin * args.group;
      merge_sums(begin, starting * args.group);
      for (int64_t pair = begin; pair < starting * args.group; ++pair) merge(pair);
      for (int64_t pair = starting * args.group; pair < chunk.row_end * args.group; ++pair) {
        start(pair);
      }
    }
    for (int64_t pair = 0; pair < pairs; ++pair) divide(pair);
  }
};

template <typename V, Format kKv>
void attention(const AttentionArgs& args) {
  Attention<V, kKv>(args).run();
}

}  // namespace
}  // namespace spyre::kernels
