// Layout: [block][layer][kv_head][K then V]: a block is one contiguous run, so an unused block
// costs no memory even where the system hands out huge pages, and copying one is one copy.
#include "backend/kv_cache.h"

#include <cstring>

#include "kernels/kernels.h"

namespace spyre::backend {

int64_t KvCacheShape::head_bytes() const {
  return kernels::kKvBlockTokens * head_dim * info(format).block_bytes;
}

int64_t KvCacheShape::block_bytes() const { return layers * kv_heads * 2 * head_bytes(); }

Result<KvCache> KvCache::create(const KvCacheShape& shape) {
  KvCache cache;
  cache.shape_ = shape;
  SPYRE_TRY_ASSIGN(cache.storage_,
                   AlignedBuffer::create(static_cast<size_t>(shape.blocks * shape.block_bytes())));
  return cache;
}

int64_t KvCache::block_stride() const { return shape_.block_bytes(); }

std::byte* KvCache::keys(int64_t layer, int64_t kv_head) const {
  return storage_.data() + (layer * shape_.kv_heads + kv_head) * 2 * shape_.head_bytes();
}

std::byte* KvCache::values(int64_t layer, int64_t kv_head) const {
  return keys(layer, kv_head) + shape_.head_bytes();
}

void KvCache::copy_block(int32_t from, int32_t to) const {
  const int64_t stride = block_stride();
  std::memcpy(storage_.data() + to * stride, storage_.data() + from * stride,
              static_cast<size_t>(stride));
}

}  // namespace spyre::backend
