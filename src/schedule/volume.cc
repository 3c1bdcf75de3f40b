// From the shortest to the longest: all rows are there until the first of them ends.
#include "schedule/volume.h"

#include <algorithm>

namespace spyre::schedule {

int64_t most_volume(int64_t reach, std::vector<int64_t> others) {
  std::ranges::sort(others);
  int64_t rows = static_cast<int64_t>(others.size()) + 1;
  int64_t most = 0;
  for (const int64_t other : others) {
    if (reach <= other) return std::max(most, rows * reach);
    most = std::max(most, rows * other);
    --rows;
  }
  return most;
}

}  // namespace spyre::schedule
