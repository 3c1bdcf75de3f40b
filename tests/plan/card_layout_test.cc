// The worked numbers of the public documents.
#include "plan/card_layout.h"

#include <gtest/gtest.h>

#include <vector>

namespace spyre::plan {
namespace {

TEST(CardLayout, RowsArePaddedToSticks) {
  EXPECT_EQ(card_bytes(std::vector<int64_t>{1000, 200}), 1000 * 256 * 2);
  EXPECT_EQ(card_bytes(std::vector<int64_t>{128, 256, 512}), 128 * 256 * 512 * 2);
  EXPECT_EQ(card_bytes(std::vector<int64_t>{1}), 128);
}

TEST(CardLayout, TheVocabularyCanBeSplitOverTheCores) {
  EXPECT_EQ(padded_vocabulary(2374 * 64), 2375 * 64);  // 2 * 1187, 5^3 * 19
  EXPECT_EQ(padded_vocabulary(49152), 49152);          // 768 = 2^8 * 3
  EXPECT_EQ(padded_vocabulary(1), 64);
}

TEST(CardLayout, BlocksAreThoseOfThePlugins) {
  EXPECT_EQ(card_blocks(3072, 16), 784);
  EXPECT_EQ(card_blocks(8192, 4), 516);
  EXPECT_EQ(card_blocks(8192, 32), 4128);
  EXPECT_EQ(card_blocks(4096, 32), 2080);
  EXPECT_EQ(card_blocks(8192, 16), 2064);
  EXPECT_EQ(card_blocks(1024, 32), 544);
}

}  // namespace
}  // namespace spyre::plan
