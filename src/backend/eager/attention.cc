#include "backend/eager/attention.h"

#include <algorithm>

#include "backend/attention_tiles.h"

namespace spyre::backend {

namespace {

kernels::AttentionFunction attention_of(const kernels::KernelTable& table, Format kv_format) {
  switch (kv_format) {
    case Format::kF16:
      return table.attention_f16;
    case Format::kBF16:
      return table.attention_bf16;
    default:
      return table.attention_f32;
  }
}

const int32_t* block_row(const AttentionStep& step, int64_t row) {
  return step.block_table + step.sequences[row] * step.max_blocks;
}

void write_keys_and_values(const EagerContext& context, const AttentionStep& step, int64_t row) {
  const KvCache& cache = context.kv_cache;
  const auto [format, layers, blocks, kv_heads, head_dim] = cache.shape();
  const int64_t position = step.positions[row];
  const int64_t block = block_row(step, row)[position / kernels::kKvBlockTokens];
  for (int64_t head = 0; head < kv_heads; ++head) {
    const int64_t from = (row * kv_heads + head) * head_dim;
    kernels::write_kv(format, step.k + from, step.v + from, head_dim,
                      position % kernels::kKvBlockTokens,
                      cache.keys(step.layer, head) + block * cache.block_stride(),
                      cache.values(step.layer, head) + block * cache.block_stride());
  }
}

int64_t most_rows(const KvCacheShape& shape, int64_t heads) {
  return kernels::attention_tile_rows(heads / shape.kv_heads);
}

// The queries of a tile, then the kernel's own.
int64_t queries_floats(const KvCacheShape& shape, int64_t heads) {
  return most_rows(shape, heads) * (heads / shape.kv_heads) * shape.head_dim;
}
size_t floats_per_thread(const KvCacheShape& shape, int64_t heads) {
  const int64_t pairs = most_rows(shape, heads) * (heads / shape.kv_heads);
  return static_cast<size_t>(queries_floats(shape, heads)) +
         kernels::attention_scratch_floats(pairs, shape.head_dim);
}

void attend(const EagerContext& context, const AttentionStep& step, int64_t row, int64_t rows,
            int64_t kv_head, float* scratch) {
  const KvCache& cache = context.kv_cache;
  const int64_t head_dim = cache.shape().head_dim;
  const int64_t group = step.heads / cache.shape().kv_heads;
  const int64_t columns = step.heads * head_dim;
  const int64_t offset = kv_head * group * head_dim;
  // The kernel wants the queries of a tile side by side.
  const int64_t width = group * head_dim;
  for (int64_t i = 0; i < rows; ++i) {
    std::copy_n(step.q + (row + i) * columns + offset, width, scratch + i * width);
  }
  const int64_t bias_stride = std::ssize(step.bias) / step.heads;
  const float* bias = step.bias.empty()
                          ? nullptr
                          : step.bias.data() + kv_head * group * bias_stride + bias_stride / 2;
  attention_of(context.kernels, cache.shape().format)(
      {.q = scratch,
       .out = step.out + row * columns + offset,
       .out_stride = columns,
       .rows = rows,
       .group = group,
       .head_dim = head_dim,
       .k_pool = cache.keys(step.layer, kv_head),
       .v_pool = cache.values(step.layer, kv_head),
       .block_stride = cache.block_stride(),
       .block_table = block_row(step, row),
       .window = step.window,
       .keys = step.lengths == nullptr ? 0 : step.lengths[step.sequences[row]],
       .position = step.positions[row],
       .scale = step.scale,
       .softcap = step.softcap,
       .bias = bias,
       .bias_stride = bias_stride,
       .scratch = scratch + queries_floats(cache.shape(), step.heads)});
}

}  // namespace

size_t attention_scratch_bytes(const KvCacheShape& kv_cache, int64_t heads, int threads) {
  return static_cast<size_t>(threads) * floats_per_thread(kv_cache, heads) * sizeof(float);
}

void run_attention(EagerContext& context, const AttentionStep& step) {
  const KvCacheShape& shape = context.kv_cache.shape();
  context.for_rows(step.rows, 4 * shape.kv_heads * shape.head_dim, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      write_keys_and_values(context, step, row);
    }
  });

  const size_t scratch_floats = floats_per_thread(shape, step.heads);
  // Tiles are numbered by every thread for itself. Interleaved: later rows of a prompt see more
  // keys, so contiguous halves would not be equal work.
  const auto run = [&](int64_t thread, int64_t threads) {
    float* scratch = context.attention.as<float>() + static_cast<size_t>(thread) * scratch_floats;
    int64_t item = 0;
    for (int64_t row = 0; row < step.rows;) {
      const int64_t rows =
          tile_rows(step.positions, step.sequences, row, step.rows, most_rows(shape, step.heads));
      for (int64_t head = 0; head < shape.kv_heads; ++head, ++item) {
        if (item % threads == thread) attend(context, step, row, rows, head, scratch);
      }
      row += rows;
    }
  };
  int64_t visible = 0;
  for (int64_t row = 0; row < step.rows; ++row) visible += step.positions[row] + 1;
  if (visible * step.heads * shape.head_dim < EagerContext::kSerialWork) {
    run(0, 1);
    return;
  }
  const int64_t threads = context.pool.num_threads();
  context.pool.run([&](int thread) { run(thread, threads); });
}

}  // namespace spyre::backend
