// Which rows of a step go through attention together: rows of one sequence, at positions one after
// the other.
#pragma once

#include <cstdint>

namespace spyre::backend {

// How many rows from this one on are of one tile, at most `most`.
inline int64_t tile_rows(const int32_t* positions, const int32_t* sequences, int64_t row,
                         int64_t rows, int64_t most) {
  int64_t count = 1;
  while (count < most && row + count < rows && sequences[row + count] == sequences[row] &&
         positions[row + count] == positions[row] + count) {
    ++count;
  }
  return count;
}

}  // namespace spyre::backend
