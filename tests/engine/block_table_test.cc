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
  BlockTable table(pool_, model_.runner());
  table.append(64);
  EXPECT_EQ(pool_.free_count(), 7);
  table.append(1);
  EXPECT_EQ(table.blocks().size(), 2u);
  EXPECT_EQ(table.tokens(), 65);
}

TEST_F(BlockTableTest, AForkSharesFullBlocksOnly) {
  BlockTable table(pool_, model_.runner());
  table.append(100);
  const BlockTable twin = table.fork();
  EXPECT_EQ(twin.tokens(), 100);
  EXPECT_EQ(twin.blocks()[0], table.blocks()[0]);
  EXPECT_NE(twin.blocks()[1], table.blocks()[1]);
  EXPECT_EQ(pool_.free_count(), 5);
}

TEST_F(BlockTableTest, GivesItsBlocksBack) {
  {
    BlockTable table(pool_, model_.runner());
    table.append(128);
    BlockTable twin = table.fork();
    table = std::move(twin);
    EXPECT_EQ(pool_.free_count(), 6);
  }
  EXPECT_EQ(pool_.free_count(), 8);
}

}  // namespace
}  // namespace spyre::engine
