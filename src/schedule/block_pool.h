// The ids of the KV blocks: who may write where, and what free ones still hold. A block may have
// several owners (sequences that share a beginning); it is free when the last one releases it. A
// full block may be named by its content; a named block that is free keeps its content until it is
// allocated, and whoever finds it by its name may own it again. Free blocks without a name are
// taken first, the others as they were released, the earliest first. Pure bookkeeping: no memory of
// the cache is seen here. Not thread-safe. Kwon et al. 2023 (arXiv 2309.06180), copy-on-write
// aside: owners of a shared block only read it.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "schedule/block_hash.h"

namespace spyre::schedule {

class BlockPool {
 public:
  // Ids [first, first + num_blocks).
  explicit BlockPool(int32_t num_blocks, int32_t first = 0);

  int32_t free_count() const { return free_count_; }
  int32_t used_count() const { return num_blocks_ - free_count_; }
  bool is_free(int32_t block) const { return owners_[at(block)] == 0; }

  // A block with one owner, without a name. The caller has looked at free_count().
  int32_t allocate();
  // Of an owned block, or of one that find() gave.
  void add_owner(int32_t block);
  void release(int32_t block);

  // Names an owned block. A name that another block has stays that one's.
  void name(int32_t block, const BlockHash& hash);
  std::optional<int32_t> find(const BlockHash& hash) const;

 private:
  // Blocks are the nodes of two rings, by their neighbours; the rings' heads come after them.
  struct Node {
    int32_t before = 0;
    int32_t after = 0;
  };

  size_t at(int32_t block) const { return static_cast<size_t>(block - first_); }
  void insert_last(int32_t head, int32_t index);
  void remove(int32_t index);

  const int32_t num_blocks_;
  const int32_t first_;
  const int32_t plain_;  // head of the ring of free blocks without a name
  const int32_t named_;
  int32_t free_count_;
  std::vector<int32_t> owners_;  // per block
  std::vector<std::optional<BlockHash>> names_;
  std::vector<Node> nodes_;
  std::unordered_map<BlockHash, int32_t> by_name_;
};

}  // namespace spyre::schedule
