// The programs that a warmup shape needs: one for the tiles of its prefill, one for its decodes,
// and with speculation one for decodes with drafts. What the memory plan adds up, what warm-up
// prepares and what the generator runs are these.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "engine/prefill_tiles.h"
#include "runner/model_runner.h"
#include "schedule/shape.h"

namespace spyre::engine {

// Capacities for ModelRunner::prepare(), which knows max_blocks.
struct StepShapes {
  model::StepShape prefill;
  model::StepShape decode;
  std::optional<model::StepShape> verify = {};  // decodes with drafts
  bool operator==(const StepShapes&) const = default;

  std::vector<model::StepShape> all() const {
    std::vector<model::StepShape> shapes = {prefill, decode};
    if (verify) shapes.push_back(*verify);
    return shapes;
  }
};

struct StepOptions {
  int64_t prefill_rows = kPrefillRows;  // GeneratorOptions::prefill_rows
  int64_t draft_tokens = 0;             // most_draft_tokens()
};

// Rows of a decode step of so many sequences and their drafts, at most. The logits of all of them
// are kept, so their number is bounded like that of a prefill's; a batch that is beyond the bound
// by itself would not gain by drafts anyway. Never decreases with more sequences: the program of a
// batch holds what its last sequences may draft.
inline int64_t verify_rows(int64_t sequences, int64_t draft_tokens) {
  return std::max(sequences, std::min(sequences * (1 + draft_tokens), kTileOutputs));
}

inline StepShapes step_shapes(const schedule::Shape& shape, const StepOptions& options = {}) {
  const int64_t sequences = shape.batch_size;
  const int64_t rows = std::min(options.prefill_rows, shape.prompt_tokens * sequences);
  StepShapes shapes{
      .prefill = {.rows = rows,
                  .sequences = std::min(sequences, rows),
                  .output_rows = std::min(rows, kTileOutputs)},
      .decode = {.rows = sequences, .sequences = sequences, .output_rows = sequences}};
  if (const int64_t most = verify_rows(sequences, options.draft_tokens); most > sequences) {
    shapes.verify = {.rows = most, .sequences = sequences, .output_rows = most};
  }
  return shapes;
}

}  // namespace spyre::engine
