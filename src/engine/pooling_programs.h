// The programs of a pooling model: a step is so many whole texts. What the memory plan adds up,
// what warm-up prepares and what the generator runs are these.
#pragma once

#include <algorithm>
#include <cstdint>

#include "runner/model_runner.h"

namespace spyre::engine {

// Rows that use the weights often enough; longer texts need more.
inline constexpr int64_t kPoolingRows = 1024;
inline constexpr int64_t kPoolingSequences = 256;

// Capacity for ModelRunner::prepare(), which knows max_blocks.
inline model::StepShape pooling_program(int64_t rows) {
  const int64_t sequences = std::min(rows, kPoolingSequences);
  return {.rows = rows, .sequences = sequences, .output_rows = sequences};
}

}  // namespace spyre::engine
