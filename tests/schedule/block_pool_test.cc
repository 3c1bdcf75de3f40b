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

BlockHash name_of(uint8_t content) {
  BlockHash name;
  name.bytes[0] = content;
  return name;
}

TEST(BlockPool, AFreeBlockIsFoundByItsNameUntilItIsAllocated) {
  BlockPool pool(2, 1);
  const int32_t block = pool.allocate();
  pool.name(block, name_of(1));
  pool.release(block);
  EXPECT_EQ(pool.find(name_of(1)), block);
  pool.add_owner(block);
  EXPECT_EQ(pool.free_count(), 1);
  pool.release(block);
  // The one without a name goes first.
  EXPECT_NE(pool.allocate(), block);
  EXPECT_EQ(pool.allocate(), block);
  EXPECT_FALSE(pool.find(name_of(1)));
}

TEST(BlockPool, NamedBlocksAreTakenInTheOrderOfTheirRelease) {
  BlockPool pool(3);
  for (uint8_t i = 0; i < 3; ++i) pool.name(pool.allocate(), name_of(i));
  for (const int32_t block : {1, 0, 2}) pool.release(block);
  for (const int32_t block : {1, 0, 2}) EXPECT_EQ(pool.allocate(), block);
}

TEST(BlockPool, ANameStaysThatOfItsFirstBlock) {
  BlockPool pool(3);
  const int32_t first = pool.allocate();
  const int32_t second = pool.allocate();
  pool.name(first, name_of(1));
  pool.name(second, name_of(1));
  EXPECT_EQ(pool.find(name_of(1)), first);
  pool.release(first);
  EXPECT_EQ(pool.find(name_of(1)), first);
}

TEST(BlockPoolDeathTest, ReleasingAFreeBlockIsABug) {
  BlockPool pool(1);
  EXPECT_DEATH(pool.release(0), "internal check failed");
}

}  // namespace
}  // namespace spyre::schedule
