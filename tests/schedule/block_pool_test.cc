#include "schedule/block_pool.h"

#include <gtest/gtest.h>

#include <set>

namespace spyre::schedule {
namespace {

TEST(BlockPool, HandsOutEveryBlockOnce) {
  BlockPool pool(4);
  std::set<int32_t> blocks;
  while (pool.free_count() > 0) blocks.insert(pool.allocate());
  EXPECT_EQ(blocks, (std::set<int32_t>{0, 1, 2, 3}));
}

TEST(BlockPool, ABlockIsFreeWhenItsLastOwnerReleasesIt) {
  BlockPool pool(1);
  const int32_t block = pool.allocate();
  pool.add_owner(block);
  pool.release(block);
  EXPECT_EQ(pool.free_count(), 0);
  pool.release(block);
  EXPECT_EQ(pool.free_count(), 1);
}

TEST(BlockPoolDeathTest, ReleasingAFreeBlockIsABug) {
  BlockPool pool(1);
  EXPECT_DEATH(pool.release(0), "internal check failed");
}

}  // namespace
}  // namespace spyre::schedule
