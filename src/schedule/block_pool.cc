// Two rings of free blocks, and an index of names.
#include "schedule/block_pool.h"

namespace spyre::schedule {

BlockPool::BlockPool(int32_t num_blocks, int32_t first)
    : num_blocks_(num_blocks),
      first_(first),
      plain_(num_blocks),
      named_(num_blocks + 1),
      free_count_(num_blocks),
      owners_(static_cast<size_t>(num_blocks), 0),
      names_(owners_.size()),
      nodes_(owners_.size() + 2) {
  for (const int32_t head : {plain_, named_}) nodes_[static_cast<size_t>(head)] = {head, head};
  for (int32_t index = 0; index < num_blocks; ++index) insert_last(plain_, index);
}

void BlockPool::insert_last(int32_t head, int32_t index) {
  Node& ring = nodes_[static_cast<size_t>(head)];
  nodes_[static_cast<size_t>(index)] = {.before = ring.before, .after = head};
  nodes_[static_cast<size_t>(ring.before)].after = index;
  ring.before = index;
}

void BlockPool::remove(int32_t index) {
  const Node node = nodes_[static_cast<size_t>(index)];
  nodes_[static_cast<size_t>(node.before)].after = node.after;
  nodes_[static_cast<size_t>(node.after)].before = node.before;
}

int32_t BlockPool::allocate() {
  SPYRE_CHECK(free_count_ > 0);
  const int32_t first_plain = nodes_[static_cast<size_t>(plain_)].after;
  const int32_t index =
      first_plain != plain_ ? first_plain : nodes_[static_cast<size_t>(named_)].after;
  std::optional<BlockHash>& name = names_[static_cast<size_t>(index)];
  if (name) by_name_.erase(*name);
  name.reset();
  const int32_t block = first_ + index;
  add_owner(block);
  return block;
}

void BlockPool::add_owner(int32_t block) {
  int32_t& owners = owners_[at(block)];
  if (owners == 0) {
    remove(block - first_);
    --free_count_;
  }
  ++owners;
}

void BlockPool::release(int32_t block) {
  int32_t& owners = owners_[at(block)];
  SPYRE_CHECK(owners > 0);
  if (--owners > 0) return;
  insert_last(names_[at(block)] ? named_ : plain_, block - first_);
  ++free_count_;
}

void BlockPool::name(int32_t block, const BlockHash& hash) {
  SPYRE_CHECK(!is_free(block));
  if (names_[at(block)]) return;
  if (by_name_.emplace(hash, block).second) names_[at(block)] = hash;
}

std::optional<int32_t> BlockPool::find(const BlockHash& hash) const {
  const auto found = by_name_.find(hash);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

}  // namespace spyre::schedule
