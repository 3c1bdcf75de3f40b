// The KV blocks of one sequence, in order of position, and how many positions they hold so far.
// Sequences that share a beginning share its full blocks; the block that is still being filled
// belongs to one sequence. Kwon et al. 2023 (arXiv 2309.06180). Where the scheduler owns the blocks
// the table only follows it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "runner/model_runner.h"
#include "schedule/block_pool.h"

namespace spyre::engine {

class BlockTable {
 public:
  // Borrows both for its life. No pool: blocks are what follow() says.
  BlockTable(schedule::BlockPool* pool, const runner::ModelRunner& runner);
  BlockTable(BlockTable&& other) noexcept = default;
  BlockTable& operator=(BlockTable&& other) noexcept;
  ~BlockTable() { release(); }

  std::span<const int32_t> blocks() const { return blocks_; }
  int64_t tokens() const { return tokens_; }

  // The blocks that the scheduler gave the sequence by now.
  void follow(std::span<const int32_t> blocks) { blocks_.assign(blocks.begin(), blocks.end()); }
  // Positions up to `tokens` are filled: somebody else's blocks hold them.
  void skip_to(int64_t tokens) { tokens_ = std::max(tokens_, tokens); }
  // Positions that append() may take at most.
  int64_t room() const {
    if (pool_ != nullptr) return std::numeric_limits<int64_t>::max();
    return std::ssize(blocks_) * kernels::kKvBlockTokens - tokens_;
  }

  // Makes room for `count` more positions and counts them as filled. The pool, or the blocks that
  // were given, must have it.
  void append(int64_t count);

  // Forgets the last `count` positions, and gives the blocks back that held only them.
  void drop(int64_t count);

  // A second sequence with the same past: full blocks are shared, a partial one is copied. Needs a
  // pool.
  BlockTable fork() const;

 private:
  void release();

  schedule::BlockPool* pool_;
  const runner::ModelRunner* runner_;
  std::vector<int32_t> blocks_;
  int64_t tokens_ = 0;
};

}  // namespace spyre::engine
