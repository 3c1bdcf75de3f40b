// KV blocks and what free ones still hold, as a list that is searched from its start each time.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "schedule/block_hash.h"

namespace spyre::schedule::testing {

class NaivePool {
 public:
  explicit NaivePool(int64_t count) : blocks_(static_cast<size_t>(count)) {}

  int64_t free() const {
    int64_t count = 0;
    for (const Block& block : blocks_) count += block.owners == 0 ? 1 : 0;
    return count;
  }
  int64_t used() const { return std::ssize(blocks_) - free(); }
  bool is_free(size_t block) const { return blocks_[block].owners == 0; }

  // A free block without a name; else the one that was freed first, which loses its name.
  size_t take() {
    std::optional<size_t> best;
    for (size_t i = 0; i < blocks_.size(); ++i) {
      if (blocks_[i].owners > 0) continue;
      if (!best || goes_before(blocks_[i], blocks_[*best])) best = i;
    }
    blocks_.at(best.value()) = {.owners = 1};
    return *best;
  }
  void own(size_t block) { ++blocks_[block].owners; }
  void release(size_t block) {
    if (--blocks_[block].owners == 0) blocks_[block].freed = ++now_;
  }

  // The first to be named so keeps the name.
  void name(size_t block, const BlockHash& name) {
    if (!find(name)) blocks_[block].name = name;
  }
  std::optional<size_t> find(const BlockHash& name) const {
    for (size_t i = 0; i < blocks_.size(); ++i) {
      if (blocks_[i].name == name) return i;
    }
    return {};
  }
  // The leading blocks of these names, up to the first that is not there.
  std::vector<size_t> find_all(std::span<const BlockHash> names) const {
    std::vector<size_t> found;
    for (const BlockHash& name : names) {
      const auto block = find(name);
      if (!block) break;
      found.push_back(*block);
    }
    return found;
  }

 private:
  struct Block {
    int owners = 0;
    std::optional<BlockHash> name = {};
    int64_t freed = 0;
  };

  static bool goes_before(const Block& a, const Block& b) {
    if (a.name.has_value() != b.name.has_value()) return !a.name.has_value();
    return a.freed < b.freed;
  }

  std::vector<Block> blocks_;
  int64_t now_ = 0;
};

}  // namespace spyre::schedule::testing
