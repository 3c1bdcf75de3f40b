// The ids of the KV blocks: who may write where. A block may have several owners (sequences that
// share a prompt); it is free again when the last one releases it. Pure bookkeeping: no memory of
// the cache is seen here. Not thread-safe. Kwon et al. 2023 (arXiv 2309.06180), copy-on-write
// aside: owners of a shared block only read it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace spyre::schedule {

class BlockPool {
 public:
  explicit BlockPool(int32_t num_blocks);

  int32_t free_count() const { return static_cast<int32_t>(free_.size()); }

  // A block with one owner. The caller has looked at free_count().
  int32_t allocate();
  void add_owner(int32_t block);
  void release(int32_t block);

 private:
  std::vector<int32_t> owners_;  // per block
  std::vector<int32_t> free_;    // a stack: the block freed last is the warmest in the caches
};

}  // namespace spyre::schedule
