#include "schedule/block_pool.h"

namespace spyre::schedule {

BlockPool::BlockPool(int32_t num_blocks) : owners_(static_cast<size_t>(num_blocks), 0) {
  free_.reserve(owners_.size());
  for (int32_t block = num_blocks - 1; block >= 0; --block) free_.push_back(block);
}

int32_t BlockPool::allocate() {
  SPYRE_CHECK(!free_.empty());
  const int32_t block = free_.back();
  free_.pop_back();
  owners_[static_cast<size_t>(block)] = 1;
  return block;
}

void BlockPool::add_owner(int32_t block) {
  SPYRE_CHECK(owners_[static_cast<size_t>(block)] > 0);
  ++owners_[static_cast<size_t>(block)];
}

void BlockPool::release(int32_t block) {
  int32_t& owners = owners_[static_cast<size_t>(block)];
  SPYRE_CHECK(owners > 0);
  if (--owners == 0) free_.push_back(block);
}

}  // namespace spyre::schedule
