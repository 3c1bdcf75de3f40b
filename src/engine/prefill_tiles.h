// How the prompts of a prefill are cut into the tiles that a program runs: rows of one prompt after
// the other, several prompts in a tile, no row for padding. Which tile a row falls into never
// changes its bits. Pure: counts in, counts out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace spyre::engine {

// Rows of a tile, and output rows: they bound the memory of a step, the logits [outputs, vocab]
// above all.
inline constexpr int64_t kPrefillRows = 256;
inline constexpr int64_t kTileOutputs = 64;

struct TileLimits {
  int64_t rows = kPrefillRows;
  int64_t outputs = kTileOutputs;
  bool whole = false;  // a prompt is never cut; each has at most `rows`
};

// Tokens [first, first + tokens) of a prompt. scored: the logits of all of them are wanted, else
// those of the last.
struct PromptRows {
  int64_t first = 0;
  int64_t tokens = 0;
  bool scored = false;
};

struct TilePart {
  size_t prompt = 0;  // index into the prompts
  int64_t first = 0;
  int64_t tokens = 0;
};
using Tile = std::vector<TilePart>;  // a prompt is in it once at most

// Both limits are at least 1.
std::vector<Tile> cut_tiles(std::span<const PromptRows> prompts, const TileLimits& limits);

}  // namespace spyre::engine
