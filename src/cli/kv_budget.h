// How many KV blocks to have: what the sequences can use, within the memory they may take.
#pragma once

#include <cstdint>
#include <optional>

namespace spyre::cli {

struct KvBudget {
  int64_t block_bytes = 0;
  int64_t blocks_per_sequence = 0;
  int64_t sequences = 0;
  std::optional<int64_t> wanted_bytes;  // --kv-cache-memory-bytes or VLLM_CPU_KVCACHE_SPACE
  int64_t memory_bytes = 0;             // --gpu-memory-utilization of what is there
  int64_t weight_bytes = 0;
};

// Without wanted_bytes, at most half of the memory that the weights leave. At least 1.
int64_t kv_blocks(const KvBudget& budget);

}  // namespace spyre::cli
