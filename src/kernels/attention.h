// Attention of one query position over paged keys and values (AttentionArgs), over a vector
// wrapper. Query heads of the group go in tiles so that a loaded key or value serves up to four.
// Positions before `first` and after `position` get the score -infinity, hence the weight +0 and no
// part in maximum or output.
#pragma once

#include "kernels/lanes.h"
#include "kernels/math.h"
#include "kernels/matmul_f32.h"

namespace spyre::kernels {
namespace {

inline constexpr int kHeadTile = 4;

// call(Constant<heads>, head): tiles of four, then what is left in one.
template <typename Call>
void for_head_tiles(int64_t group, Call call) {
  int64_t head = 0;
  for (; head + kHeadTile <= group; head += kHeadTile) call(Constant<kHeadTile>(), head);
  if (group - head == 3) call(Constant<3>(), head);
  if (group - head == 2) call(Constant<2>(), head);
  if (group - head == 1) call(Constant<1>(), head);
}

// The part of a chunk that is visible, as offsets from its first position (a multiple of 256).
struct Chunk {
  int64_t start;  // position
  int64_t begin;
  int64_t end;
};

template <typename V, Format kKv>
struct Attention {
  using F = typename V::F;
  static constexpr int kVectors = V::kLanes == 16 ? 4 : 2;  // per tile, beside 4 heads
  static constexpr int64_t kBytes = kFloatBytes<kKv>;

  const AttentionArgs& args;
  float* scores;     // [group][kAttentionChunk]
  float* chunk_out;  // [group][head_dim]
  float* maxima;     // [group], so far
  float* sums;       // [group], so far
  float* chunk_maxima;
  float* chunk_sums;

  explicit Attention(const AttentionArgs& a)
      : args(a),
        scores(a.scratch),
        chunk_out(scores + a.group * kAttentionChunk),
        maxima(chunk_out + a.group * a.head_dim),
        sums(maxima + a.group),
        chunk_maxima(sums + a.group),
        chunk_sums(chunk_maxima + a.group) {}

  // The block that holds a position, from a pool.
  const std::byte* block_at(const std::byte* pool, int64_t position) const {
    return pool + args.block_table[position / kKvBlockTokens] * args.block_stride;
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

  // keys: this tile's first token of a block's first dimension.
  template <int kHeads>
  void score_tile(const std::byte* keys, int64_t head, float* out) const {
    F dots[kHeads][kVectors];
#pragma GCC unroll 4
    for (int64_t h = 0; h < kHeads; ++h) {
#pragma GCC unroll 4
      for (int64_t v = 0; v < kVectors; ++v) dots[h][v] = V::zero();
    }
    const float* q = args.q + head * args.head_dim;
    for (int64_t d = 0; d < args.head_dim; ++d) {
      F k[kVectors];
#pragma GCC unroll 4
      for (int64_t v = 0; v < kVectors; ++v) {
        k[v] = load_as<V, kKv>(keys + (d * kKvBlockTokens + v * V::kLanes) * kBytes);
      }
#pragma GCC unroll 4
      for (int64_t h = 0; h < kHeads; ++h) {
        const F x = V::set1(q[h * args.head_dim + d]);
#pragma GCC unroll 4
        for (int64_t v = 0; v < kVectors; ++v) dots[h][v] = V::fma(x, k[v], dots[h][v]);
      }
    }
#pragma GCC unroll 4
    for (int64_t h = 0; h < kHeads; ++h) {
#pragma GCC unroll 4
      for (int64_t v = 0; v < kVectors; ++v) {
        V::store(out + h * kAttentionChunk + v * V::kLanes, finished(dots[h][v]));
      }
    }
  }

  void score_chunk(const Chunk& chunk) const {
    constexpr int kTokens = kVectors * V::kLanes;
    for (int64_t at = chunk.begin / kTokens * kTokens; at < chunk.end; at += kTokens) {
      const int64_t position = chunk.start + at;
      const std::byte* keys = block_at(args.k_pool, position) + position % kKvBlockTokens * kBytes;
      const auto tile = [&](auto heads, int64_t head) {
        score_tile<decltype(heads)::value>(keys, head, scores + head * kAttentionChunk + at);
      };
      for_head_tiles(args.group, tile);
    }
  }

  // Scores of a head to exp(score - max), in place.
  void weigh(const Chunk& chunk, float* row, float& max, float& sum) const {
    const int64_t begin = chunk.begin / kReduceLanes * kReduceLanes;
    const int64_t end = (chunk.end + kReduceLanes - 1) / kReduceLanes * kReduceLanes;
    for (int64_t t = begin; t < chunk.begin; ++t) row[t] = -__builtin_inff();
    for (int64_t t = chunk.end; t < end; ++t) row[t] = -__builtin_inff();
    float* used = row + begin;
    Lanes16<V> largest(-__builtin_inff());
    largest.accumulate(end - begin, [&](F& part, int64_t at, int64_t) {
      part = V::max(V::load(used + at), part);
    });
    max = largest.max();
    const F top = V::set1(max);
    Lanes16<V> total(0.0f);
    total.accumulate(end - begin, [&](F& part, int64_t at, int64_t) {
      const F p = exp<V>(V::sub(V::load(used + at), top));
      V::store(used + at, p);
      part = V::add(part, p);
    });
    sum = total.sum();
  }

  // Adds weights times values into chunk_out for kHeads heads and kWide vectors of dimensions.
  template <int kHeads, int kWide>
  void value_tile(const Chunk& chunk, int64_t head, int64_t d) const {
    F out[kHeads][kWide];
#pragma GCC unroll 4
    for (int64_t h = 0; h < kHeads; ++h) {
#pragma GCC unroll 4
      for (int64_t v = 0; v < kWide; ++v) out[h][v] = V::zero();
    }
    const int64_t last_count = args.head_dim - d - (kWide - 1) * V::kLanes;
    const float* weights = scores + head * kAttentionChunk;
    for (int64_t t = chunk.begin; t < chunk.end;) {
      const int64_t position = chunk.start + t;
      const int64_t slot = position % kKvBlockTokens;
      const std::byte* values =
          block_at(args.v_pool, position) + (slot * args.head_dim + d) * kBytes;
      const int64_t end = smaller(chunk.end, t + kKvBlockTokens - slot);
      for (; t < end; ++t, values += args.head_dim * kBytes) {
        F x[kWide];
#pragma GCC unroll 4
        for (int64_t v = 0; v + 1 < kWide; ++v) {
          x[v] = load_as<V, kKv>(values + v * V::kLanes * kBytes);
        }
        x[kWide - 1] = load_values(values + (kWide - 1) * V::kLanes * kBytes, last_count);
#pragma GCC unroll 4
        for (int64_t h = 0; h < kHeads; ++h) {
          const F p = V::set1(weights[h * kAttentionChunk + t]);
#pragma GCC unroll 4
          for (int64_t v = 0; v < kWide; ++v) out[h][v] = V::fma(p, x[v], out[h][v]);
        }
      }
    }
#pragma GCC unroll 4
    for (int64_t h = 0; h < kHeads; ++h) {
#pragma GCC unroll 4
      for (int64_t v = 0; v < kWide; ++v) {
        const int64_t at = d + v * V::kLanes;
        store_some<V>(chunk_out + (head + h) * args.head_dim + at, out[h][v],
                      smaller(V::kLanes, args.head_dim - at));
      }
    }
  }

  void sum_values(const Chunk& chunk) const {
    const auto tile = [&](auto heads, int64_t head) {
      constexpr int kHeads = decltype(heads)::value;
      int64_t d = 0;
      for (; d + kVectors * V::kLanes <= args.head_dim; d += kVectors * V::kLanes) {
        value_tile<kHeads, kVectors>(chunk, head, d);
      }
      for (; d < args.head_dim; d += V::kLanes) value_tile<kHeads, 1>(chunk, head, d);
    };
    for_head_tiles(args.group, tile);
  }

  // out = out * e^(max - new max) + chunk_out * e^(chunk max - new max); the sum likewise.
  void merge(int64_t head, float chunk_max, float chunk_sum) const {
    const F old_max = V::set1(maxima[head]);
    const F max = V::max(V::set1(chunk_max), old_max);
    const F keep = exp<V>(V::sub(old_max, max));
    const F take = exp<V>(V::sub(V::set1(chunk_max), max));
    maxima[head] = first_lane<V>(max);
    const F taken = V::mul(V::set1(chunk_sum), take);
    sums[head] = first_lane<V>(V::fma(V::set1(sums[head]), keep, taken));
    float* out = args.out + head * args.head_dim;
    const float* added = chunk_out + head * args.head_dim;
    for_vectors<V>(args.head_dim, [&](int64_t at, int64_t count) {
      const F part = V::mul(load_some<V>(added + at, count), take);
      store_some<V>(out + at, V::fma(load_some<V>(out + at, count), keep, part), count);
    });
  }

  void start(int64_t head, float chunk_max, float chunk_sum) const {
    maxima[head] = chunk_max;
    sums[head] = chunk_sum;
    float* out = args.out + head * args.head_dim;
    const float* first = chunk_out + head * args.head_dim;
    for_vectors<V>(args.head_dim, [&](int64_t at, int64_t count) {
      store_some<V>(out + at, load_some<V>(first + at, count), count);
    });
  }

  void run() const {
    const int64_t first_chunk = args.first / kAttentionChunk * kAttentionChunk;
    for (int64_t at = first_chunk; at <= args.position; at += kAttentionChunk) {
      const Chunk chunk = {at, larger(args.first - at, 0),
                           smaller(args.position + 1 - at, kAttentionChunk)};
      score_chunk(chunk);
      for (int64_t head = 0; head < args.group; ++head) {
        weigh(chunk, scores + head * kAttentionChunk, chunk_maxima[head], chunk_sums[head]);
      }
      sum_values(chunk);
      for (int64_t head = 0; head < args.group; ++head) {
        at == first_chunk ? start(head, chunk_maxima[head], chunk_sums[head])
                          : merge(head, chunk_maxima[head], chunk_sums[head]);
      }
    }
    divide();
  }

  void divide() const {
    for (int64_t head = 0; head < args.group; ++head) {
      const F sum = V::set1(sums[head]);
      float* out = args.out + head * args.head_dim;
      for_vectors<V>(args.head_dim, [&](int64_t at, int64_t count) {
        store_some<V>(out + at, V::div(load_some<V>(out + at, count), sum), count);
      });
    }
  }
};

template <typename V, Format kKv>
void attention(const AttentionArgs& args) {
  Attention<V, kKv>(args).run();
}

}  // namespace
}  // namespace spyre::kernels
