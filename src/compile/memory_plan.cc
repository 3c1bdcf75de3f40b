#include "compile/memory_plan.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace spyre::compile {

namespace {

constexpr int64_t kAlignElements = 16;

int64_t padded(int64_t elements) {
  return (elements + kAlignElements - 1) / kAlignElements * kAlignElements;
}

bool meet(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }

}  // namespace

MemoryPlan plan_memory(std::span<const Lifetime> values) {
  std::vector<size_t> by_size(values.size());
  std::iota(by_size.begin(), by_size.end(), size_t{0});
  std::ranges::sort(by_size, [&](size_t a, size_t b) {
    return std::pair(-values[a].elements, a) < std::pair(-values[b].elements, b);
  });

  MemoryPlan plan{.offsets = std::vector<int64_t>(values.size(), 0), .elements = 0};
  std::vector<size_t> placed;  // by offset
  for (const size_t index : by_size) {
    const Lifetime& value = values[index];
    int64_t at = 0;
    for (const size_t other : placed) {
      if (!meet(value, values[other])) continue;
      if (at + padded(value.elements) <= plan.offsets[other]) break;
      at = std::max(at, plan.offsets[other] + padded(values[other].elements));
    }
    plan.offsets[index] = at;
    plan.elements = std::max(plan.elements, at + padded(value.elements));
    const auto after =
        std::ranges::upper_bound(placed, at, {}, [&](size_t i) { return plan.offsets[i]; });
    placed.insert(after, index);
  }
  return plan;
}

}  // namespace spyre::compile
