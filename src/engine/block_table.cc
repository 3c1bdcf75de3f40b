#include "engine/block_table.h"

#include <utility>

namespace spyre::engine {

BlockTable::BlockTable(schedule::BlockPool* pool, const runner::ModelRunner& runner)
    : pool_(pool), runner_(&runner) {
  blocks_.reserve(static_cast<size_t>(runner.max_blocks()));
}

BlockTable& BlockTable::operator=(BlockTable&& other) noexcept {
  if (this == &other) return *this;
  release();
  pool_ = other.pool_;
  runner_ = other.runner_;
  blocks_ = std::move(other.blocks_);
  other.blocks_.clear();
  tokens_ = std::exchange(other.tokens_, 0);
  return *this;
}

void BlockTable::release() {
  if (pool_ != nullptr) {
    for (const int32_t block : blocks_) pool_->release(block);
  }
  blocks_.clear();
  tokens_ = 0;
}

void BlockTable::append(int64_t count) {
  SPYRE_CHECK(count <= room());
  tokens_ += count;
  while (static_cast<int64_t>(blocks_.size()) * kernels::kKvBlockTokens < tokens_) {
    blocks_.push_back(pool_->allocate());
  }
}

void BlockTable::drop(int64_t count) {
  tokens_ -= count;
  if (pool_ == nullptr) return;
  while ((static_cast<int64_t>(blocks_.size()) - 1) * kernels::kKvBlockTokens >= tokens_) {
    pool_->release(blocks_.back());
    blocks_.pop_back();
  }
}

BlockTable BlockTable::fork() const {
  SPYRE_CHECK(pool_ != nullptr);
  BlockTable twin(pool_, *runner_);
  const auto full = static_cast<size_t>(tokens_ / kernels::kKvBlockTokens);
  for (size_t i = 0; i < full; ++i) {
    pool_->add_owner(blocks_[i]);
    twin.blocks_.push_back(blocks_[i]);
  }
  twin.append(tokens_);
  if (full < blocks_.size()) runner_->copy_block(blocks_[full], twin.blocks_[full]);
  return twin;
}

}  // namespace spyre::engine
