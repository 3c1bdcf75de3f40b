#include "backend/kv_cache.h"

#include <gtest/gtest.h>

#include <cstring>

namespace spyre::backend {
namespace {

KvCacheShape small_shape() {
  return {.format = Format::kBF16, .layers = 2, .blocks = 3, .kv_heads = 2, .head_dim = 5};
}

TEST(KvCache, SizesFollowTheShape) {
  const KvCacheShape shape = small_shape();
  EXPECT_EQ(shape.head_bytes(), 64 * 5 * 2);
  EXPECT_EQ(shape.block_bytes(), 2 * 2 * 2 * 64 * 5 * 2);
}

TEST(KvCache, PlacesAreDistinctAndInOrder) {
  const KvCache cache = KvCache::create(small_shape()).value();
  EXPECT_EQ(cache.values(0, 0) - cache.keys(0, 0), small_shape().head_bytes());
  EXPECT_EQ(cache.keys(0, 1) - cache.keys(0, 0), 2 * small_shape().head_bytes());
  EXPECT_EQ(cache.keys(1, 0) - cache.keys(0, 0), 4 * small_shape().head_bytes());
  EXPECT_EQ(cache.block_stride(), small_shape().block_bytes());
}

TEST(KvCache, CopiesABlockInEveryLayer) {
  const KvCache cache = KvCache::create(small_shape()).value();
  const int64_t stride = cache.block_stride();
  for (int64_t layer = 0; layer < 2; ++layer) {
    std::memset(cache.keys(layer, 1) + 2 * stride, static_cast<int>(7 + layer), 64);
  }
  cache.copy_block(2, 0);
  for (int64_t layer = 0; layer < 2; ++layer) {
    EXPECT_EQ(std::memcmp(cache.keys(layer, 1), cache.keys(layer, 1) + 2 * stride, 64), 0);
    EXPECT_EQ(cache.keys(layer, 1)[stride], std::byte{0}) << "block 1 was not asked for";
  }
}

TEST(KvCache, MoreThanTheSystemHasIsAnError) {
  KvCacheShape shape = small_shape();
  shape.blocks = int64_t{1} << 45;
  const auto cache = KvCache::create(shape);
  ASSERT_FALSE(cache);
  EXPECT_EQ(cache.error().code, Code::kResourceExhausted);
}

}  // namespace
}  // namespace spyre::backend
