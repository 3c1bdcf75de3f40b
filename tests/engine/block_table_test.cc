#include "engine/block_table.h"

#include <gtest/gtest.h>

#include "runner/fixture.h"

namespace spyre::engine {
namespace {

class BlockTableTest : public ::testing::Test {
 protected:
  runner::testing::LoadedModel model_{"decoders/llama", {}};
  schedule::BlockPool pool_{8};
};

TEST_F(BlockTableTest, TakesABlockPer64Tokens) {
  BlockTable table(&pool_, model_.runner());
  table.append(64);
  EXPECT_EQ(pool_.free_count(), 7);
  table.append(1);
  EXPECT_EQ(table.blocks().size(), 2u);
  EXPECT_EQ(table.tokens(), 65);
}

TEST_F(BlockTableTest, AForkSharesFullBlocksOnly) {
  BlockTable table(&pool_, model_.runner());
  table.append(100);
  const BlockTable twin = table.fork();
  EXPECT_EQ(twin.tokens(), 100);
  EXPECT_EQ(twin.blocks()[0], table.blocks()[0]);
  EXPECT_NE(twin.blocks()[1], table.blocks()[1]);
  EXPECT_EQ(pool_.free_count(), 5);
}

TEST_F(BlockTableTest, WhatIsDroppedTakesItsBlocksAlong) {
  BlockTable table(&pool_, model_.runner());
  table.append(63);
  table.append(5);
  EXPECT_EQ(pool_.free_count(), 6);
  table.drop(3);
  EXPECT_EQ(table.tokens(), 65);
  EXPECT_EQ(pool_.free_count(), 6);
  table.drop(1);
  EXPECT_EQ(table.tokens(), 64);
  EXPECT_EQ(table.blocks().size(), 1u);
  EXPECT_EQ(pool_.free_count(), 7);
  table.drop(0);
  EXPECT_EQ(table.fork().tokens(), 64);
  table.append(70);
  EXPECT_EQ(pool_.free_count(), 5);
  table.drop(134);
  EXPECT_EQ(pool_.free_count(), 8);
}

TEST_F(BlockTableTest, GivesItsBlocksBack) {
  {
    BlockTable table(&pool_, model_.runner());
    table.append(128);
    BlockTable twin = table.fork();
    table = std::move(twin);
    EXPECT_EQ(pool_.free_count(), 6);
  }
  EXPECT_EQ(pool_.free_count(), 8);
}

}  // namespace
}  // namespace spyre::engine
