// Gives values places in one arena, by lifetime: two values that are never alive at the same time
// may share memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace spyre::compile {

// Alive from the step that writes it to the last that reads it, both included.
struct Lifetime {
  int64_t elements = 0;
  int64_t first = 0;
  int64_t last = 0;
};

struct MemoryPlan {
  std::vector<int64_t> offsets;  // in elements, multiples of 16 (64 bytes of floats)
  int64_t elements = 0;          // of the whole arena
};

// The larger before the smaller, each at the lowest place that is free for its whole life (greedy
// by size; Pisarchyk and Lee 2020, arXiv 2001.03288).
MemoryPlan plan_memory(std::span<const Lifetime> values);

}  // namespace spyre::compile
