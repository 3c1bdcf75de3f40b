#include "cli/kv_budget.h"

#include <algorithm>

namespace spyre::cli {

int64_t kv_blocks(const KvBudget& budget) {
  const int64_t usable = budget.blocks_per_sequence * budget.sequences;
  const int64_t left = std::max<int64_t>(0, budget.memory_bytes - budget.weight_bytes);
  const int64_t affordable = budget.wanted_bytes.value_or(left / 2) / budget.block_bytes;
  return std::max<int64_t>(1, std::min(usable, affordable));
}

}  // namespace spyre::cli
