// The two programs that a warmup shape needs: one for the tiles of its prefill, one for its
// decodes. What the memory plan adds up, what warm-up prepares and what the generator runs are
// these.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "engine/prefill_tiles.h"
#include "runner/model_runner.h"
#include "schedule/shape.h"

namespace spyre::engine {

// Capacities for ModelRunner::prepare(), which knows max_blocks.
struct StepShapes {
  model::StepShape prefill;
  model::StepShape decode;
  bool operator==(const StepShapes&) const = default;
};

// prefill_rows: GeneratorOptions::prefill_rows.
inline StepShapes step_shapes(const schedule::Shape& shape, int64_t prefill_rows = kPrefillRows) {
  const int64_t rows = std::min(prefill_rows, shape.prompt_tokens * shape.batch_size);
  return {.prefill = {.rows = rows,
                      .sequences = std::min(shape.batch_size, rows),
                      .output_rows = std::min(rows, kTileOutputs)},
          .decode = {.rows = shape.batch_size,
                     .sequences = shape.batch_size,
                     .output_rows = shape.batch_size}};
}

// All programs that these shapes run in, each once.
inline std::vector<model::StepShape> programs_of(std::span<const schedule::Shape> shapes,
                                                 int64_t prefill_rows = kPrefillRows) {
  std::vector<model::StepShape> programs;
  for (const schedule::Shape& shape : shapes) {
    const StepShapes both = step_shapes(shape, prefill_rows);
    for (const model::StepShape& each : {both.prefill, both.decode}) {
      if (std::ranges::find(programs, each) == programs.end()) programs.push_back(each);
    }
  }
  return programs;
}

}  // namespace spyre::engine
