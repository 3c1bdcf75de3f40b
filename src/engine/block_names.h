// Names of a sequence's full KV blocks, by which other sequences find them: a chain of SHA-256 over
// the tokens from the sequence's start. A salt keeps those who don't know it out: their names are
// others.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "schedule/block_hash.h"

namespace spyre::engine {

// Copyable: a copy goes on as the original would.
class BlockNames {
 public:
  explicit BlockNames(const std::optional<std::string>& salt);

  // Names of the blocks that these tokens, which follow those before, make full.
  std::vector<schedule::BlockHash> append(std::span<const int32_t> tokens);
  // Tokens so far, and full blocks among them.
  int64_t tokens() const { return full_blocks_ * kTokens + std::ssize(partial_); }
  int64_t full_blocks() const { return full_blocks_; }

 private:
  static constexpr int64_t kTokens = 64;  // of a block

  schedule::BlockHash last_;
  std::vector<int32_t> partial_;  // tokens of the block that is not full yet
  int64_t full_blocks_ = 0;
};

}  // namespace spyre::engine
