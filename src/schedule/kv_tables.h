// The block tables of running requests over one pool of KV blocks, and what each may still come to
// need. Block 0 is nobody's: tables that must be rectangular point there for padding. Its users
// never run out: they look at room() before they reserve, and take no more than they reserved.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "schedule/block_pool.h"
#include "schedule/scheduler.h"

namespace spyre::schedule {

class KvTables {
 public:
  // Ids 1 to num_blocks.
  explicit KvTables(int64_t num_blocks);

  int64_t num_blocks() const { return num_blocks_; }
  int64_t used() const { return pool_.used_count(); }
  int64_t free() const { return pool_.free_count(); }
  int64_t reserved() const { return reserved_; }
  // Blocks that nobody has and nobody was promised.
  int64_t room() const { return pool_.free_count() - reserved_; }

  // Leading blocks of the names that are there, and how many of those have an owner.
  struct Hits {
    int64_t blocks = 0;
    int64_t owned = 0;
  };
  Hits find(std::span<const BlockHash> names) const;

  // Starts a request's table with the blocks of these names, which find() has seen.
  void open(RequestId id, std::span<const BlockHash> names = {});
  // Promises blocks beyond those of its table.
  void reserve(RequestId id, int64_t blocks);
  // So many blocks in the table; what was promised goes down by those that are new.
  void grow(RequestId id, int64_t blocks);
  // Its block `index` is full of what the name says. Names come in order; others are ignored.
  void name(RequestId id, int64_t index, const BlockHash& hash);
  // Gives everything back, the last block first, so that beginnings stay longest.
  void close(RequestId id);
  // The first `count` blocks go; the rest is the table.
  void drop_front(RequestId id, int64_t count);

  std::span<const int32_t> table(RequestId id) const;
  std::map<RequestId, std::vector<int32_t>> tables() const;

 private:
  struct Entry {
    std::vector<int32_t> blocks;
    int64_t promised = 0;
  };

  const int64_t num_blocks_;
  BlockPool pool_;
  std::map<RequestId, Entry> entries_;
  int64_t reserved_ = 0;
};

}  // namespace spyre::schedule
