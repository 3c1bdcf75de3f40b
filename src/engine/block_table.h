// The KV blocks of one sequence, in order of position, and how many positions they hold so far.
// Sequences that share a beginning share its full blocks; the block that is still being filled
// belongs to one sequence. Kwon et al. 2023 (arXiv 2309.06180).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runner/model_runner.h"
#include "schedule/block_pool.h"

namespace spyre::engine {

class BlockTable {
 public:
  // Borrows both for its life.
  BlockTable(schedule::BlockPool& pool, const runner::ModelRunner& runner);
  BlockTable(BlockTable&& other) noexcept = default;
  BlockTable& operator=(BlockTable&& other) noexcept;
  ~BlockTable() { release(); }

  std::span<const int32_t> blocks() const { return blocks_; }
  int64_t tokens() const { return tokens_; }

  // Makes room for `count` more positions and counts them as filled. The pool must have the blocks.
  void append(int64_t count);

  // Forgets the last `count` positions, and gives the blocks back that held only them.
  void drop(int64_t count);

  // A second sequence with the same past: full blocks are shared, a partial one is copied.
  BlockTable fork() const;

 private:
  void release();

  schedule::BlockPool* pool_;
  const runner::ModelRunner* runner_;
  std::vector<int32_t> blocks_;
  int64_t tokens_ = 0;
};

}  // namespace spyre::engine
