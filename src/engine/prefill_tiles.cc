// Greedy: a tile is filled until a limit is reached.
#include "engine/prefill_tiles.h"

#include <algorithm>

namespace spyre::engine {

namespace {

class Cutter {
 public:
  explicit Cutter(const TileLimits& limits) : limits_(limits) {}

  void add(size_t prompt, const PromptRows& rows) {
    const int64_t end = rows.first + rows.tokens;
    for (int64_t at = rows.first; at < end;) {
      const int64_t fewest = limits_.whole ? end - at : 1;
      if (rows_left_ < fewest || outputs_left_ == 0) start_tile();
      const int64_t most = rows.scored ? std::min(rows_left_, outputs_left_) : rows_left_;
      const int64_t tokens = std::min(end - at, most);
      tiles_.back().push_back({.prompt = prompt, .first = at, .tokens = tokens});
      rows_left_ -= tokens;
      outputs_left_ -= rows.scored ? tokens : 1;
      at += tokens;
    }
  }
  std::vector<Tile> take() { return std::move(tiles_); }

 private:
  void start_tile() {
    tiles_.emplace_back();
    rows_left_ = limits_.rows;
    outputs_left_ = limits_.outputs;
  }

  const TileLimits limits_;
  std::vector<Tile> tiles_;
  int64_t rows_left_ = 0;
  int64_t outputs_left_ = 0;
};

}  // namespace

std::vector<Tile> cut_tiles(std::span<const PromptRows> prompts, const TileLimits& limits) {
  Cutter cutter(limits);
  for (size_t i = 0; i < prompts.size(); ++i) cutter.add(i, prompts[i]);
  return cutter.take();
}

}  // namespace spyre::engine
