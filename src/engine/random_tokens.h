// Token ids that mean nothing and differ: for warm-up, and for traces that give lengths only. The
// same seed gives the same ids on every machine.
#pragma once

#include <cstdint>
#include <vector>

namespace spyre::engine {

class RandomTokens {
 public:
  // Ids of 1 to vocab_size - 1 without the excluded ones, as long as there are others.
  RandomTokens(int64_t vocab_size, std::vector<int32_t> excluded, uint64_t seed);
  int32_t next();

 private:
  bool is_excluded(int32_t token) const;
  uint64_t draw();

  int64_t vocab_size_;
  std::vector<int32_t> excluded_;
  uint64_t state_;
};

}  // namespace spyre::engine
