#include "engine/prefill_tiles.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace spyre::engine {
namespace {

TEST(PrefillTiles, PromptsShareATile) {
  const std::vector<PromptRows> prompts = {{.tokens = 3}, {.tokens = 4}, {.tokens = 5}};
  const auto tiles = cut_tiles(prompts, {.rows = 16, .outputs = 8});
  ASSERT_EQ(tiles.size(), 1u);
  ASSERT_EQ(tiles[0].size(), 3u);
  EXPECT_EQ(tiles[0][2].prompt, 2u);
  EXPECT_EQ(tiles[0][2].tokens, 5);
}

TEST(PrefillTiles, ALongPromptGoesOnInTheNext) {
  const std::vector<PromptRows> prompts = {{.first = 64, .tokens = 10}, {.tokens = 3}};
  const auto tiles = cut_tiles(prompts, {.rows = 8, .outputs = 8});
  ASSERT_EQ(tiles.size(), 2u);
  EXPECT_EQ(tiles[0][0].tokens, 8);
  EXPECT_EQ(tiles[1][0].first, 72);
  EXPECT_EQ(tiles[1][0].tokens, 2);
  EXPECT_EQ(tiles[1][1].prompt, 1u);
}

TEST(PrefillTiles, ScoredRowsAreBoundedByTheOutputs) {
  const std::vector<PromptRows> prompts = {{.tokens = 10, .scored = true}, {.tokens = 6}};
  const auto tiles = cut_tiles(prompts, {.rows = 100, .outputs = 4});
  ASSERT_EQ(tiles.size(), 3u);
  EXPECT_EQ(tiles[2][0].tokens, 2);
  EXPECT_EQ(tiles[2][1].tokens, 6);
}

TEST(PrefillTiles, WholePromptsStartATileWhereTheyDoNotFit) {
  const std::vector<PromptRows> prompts = {{0, 5}, {0, 4}, {0, 10}, {0, 1}};
  const auto tiles = cut_tiles(prompts, {.rows = 10, .outputs = 8, .whole = true});
  ASSERT_EQ(tiles.size(), 3U);
  EXPECT_EQ(tiles[0].size(), 2U);
  EXPECT_EQ(tiles[1].size(), 1U);
  EXPECT_EQ(tiles[1][0].tokens, 10);
  EXPECT_EQ(tiles[2][0].prompt, 3U);
}

TEST(PrefillTiles, NoPromptsNoTiles) { EXPECT_TRUE(cut_tiles({}, {}).empty()); }

TEST(PrefillTiles, EveryRowIsInOneTileAndNoTileIsTooLarge) {
  std::mt19937 random(7);
  const auto below = [&](int64_t end) { return static_cast<int64_t>(random() % end); };
  for (int round = 0; round < 500; ++round) {
    const TileLimits limits = {.rows = 1 + below(40), .outputs = 1 + below(12)};
    std::vector<PromptRows> prompts(static_cast<size_t>(below(8)));
    for (PromptRows& each : prompts) {
      each = {.first = below(100), .tokens = 1 + below(60), .scored = below(3) == 0};
    }
    std::map<size_t, int64_t> next;
    for (size_t i = 0; i < prompts.size(); ++i) next[i] = prompts[i].first;
    for (const Tile& tile : cut_tiles(prompts, limits)) {
      int64_t rows = 0;
      int64_t outputs = 0;
      for (const TilePart& part : tile) {
        EXPECT_EQ(part.first, next[part.prompt]);
        EXPECT_GE(part.tokens, 1);
        next[part.prompt] += part.tokens;
        rows += part.tokens;
        outputs += prompts[part.prompt].scored ? part.tokens : 1;
      }
      EXPECT_LE(rows, limits.rows);
      EXPECT_LE(outputs, limits.outputs);
    }
    for (size_t i = 0; i < prompts.size(); ++i) {
      EXPECT_EQ(next[i], prompts[i].first + prompts[i].tokens);
    }
  }
}

}  // namespace
}  // namespace spyre::engine
