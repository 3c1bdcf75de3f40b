// Names of blocks: of all tokens up to the block's end, and of the salt.
#include "engine/block_names.h"

#include <gtest/gtest.h>

#include <numeric>

namespace spyre::engine {
namespace {

std::vector<int32_t> tokens(size_t count, int32_t first = 0) {
  std::vector<int32_t> result(count);
  std::iota(result.begin(), result.end(), first);
  return result;
}

TEST(BlockNames, FullBlocksHaveNames) {
  BlockNames names(std::nullopt);
  EXPECT_EQ(names.append(tokens(130)).size(), 2u);
  EXPECT_EQ(names.tokens(), 130);
  EXPECT_EQ(names.full_blocks(), 2);
}

TEST(BlockNames, PiecesGiveTheNamesOfTheWhole) {
  const auto all = tokens(200);
  const auto whole = BlockNames(std::nullopt).append(all);
  for (size_t cut = 0; cut <= all.size(); cut += 13) {
    BlockNames names(std::nullopt);
    auto pieces = names.append(std::span(all).first(cut));
    const auto rest = names.append(std::span(all).subspan(cut));
    pieces.insert(pieces.end(), rest.begin(), rest.end());
    EXPECT_EQ(pieces, whole);
  }
}

TEST(BlockNames, ABlockIsNamedByAllBeforeItToo) {
  auto other = tokens(128);
  other[3] = 99;
  const auto a = BlockNames(std::nullopt).append(tokens(128));
  const auto b = BlockNames(std::nullopt).append(other);
  EXPECT_NE(a[0], b[0]);
  EXPECT_NE(a[1], b[1]);
}

TEST(BlockNames, ASaltGivesOtherNames) {
  const auto none = BlockNames(std::nullopt).append(tokens(64));
  const auto one = BlockNames("one").append(tokens(64));
  EXPECT_NE(none, one);
  EXPECT_NE(one, BlockNames("two").append(tokens(64)));
  EXPECT_EQ(one, BlockNames("one").append(tokens(64)));
  EXPECT_NE(none, BlockNames("").append(tokens(64)));
}

}  // namespace
}  // namespace spyre::engine
