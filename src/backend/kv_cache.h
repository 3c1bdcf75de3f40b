// The paged keys and values of all layers: blocks of 64 tokens, each block [kv_heads] of (K:
// [head_dim][64], V: [64][head_dim]). Which sequence owns which block is not known here. Memory is
// touched only when a block is first written. Kwon et al. 2023 (arXiv 2309.06180).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/format.h"

namespace spyre::backend {

struct KvCacheShape {
  Format format = Format::kF32;  // kF32, kF16 or kBF16
  int64_t layers = 0;
  int64_t blocks = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;

  // Bytes of K (or V) of one block and one KV head.
  int64_t head_bytes() const;
  // Bytes of one block over all layers: what a block costs.
  int64_t block_bytes() const;
};

class KvCache {
 public:
  // kResourceExhausted when the address space cannot be had.
  static Result<KvCache> create(const KvCacheShape& shape);

  const KvCacheShape& shape() const { return shape_; }
  std::byte* keys(int64_t layer,
                  int64_t kv_head) const;  // of block 0; the next block is block_stride() further
  std::byte* values(int64_t layer, int64_t kv_head) const;
  int64_t block_stride() const;

  // Copies the content of one block, in every layer.
  void copy_block(int32_t from, int32_t to) const;

 private:
  KvCacheShape shape_;
  AlignedBuffer storage_;
};

}  // namespace spyre::backend
