// What the models of continuous batching share: plain restatements of the rules of each mode, slow
// and obvious, which know nothing of how src/schedule does it. A model says the next Plan and the
// state before it; the property test wants the scheduler to say the same.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "schedule/scheduler.h"

namespace spyre::schedule::testing {

inline constexpr int64_t kBlock = 64;

inline int64_t blocks_for(int64_t tokens) { return (tokens + kBlock - 1) / kBlock; }
inline int64_t ceil64(int64_t tokens) { return kBlock * blocks_for(tokens); }

struct ModelLimits {
  int64_t max_num_seqs = 1;
  int64_t max_model_len = 0;
  int64_t kv_blocks = 0;
};

// The largest batch x length that comes up when a request that may reach n joins requests that may
// reach d each, as the rule tells to go through them.
inline int64_t reached_volume(int64_t n, std::vector<int64_t> d) {
  std::ranges::sort(d);
  int64_t b = std::ssize(d) + 1;
  int64_t v = 0;
  for (const int64_t reach : d) {
    if (n <= reach) return std::max(v, b * n);
    v = std::max(v, b * reach);
    b -= 1;
  }
  return v;
}

}  // namespace spyre::schedule::testing
