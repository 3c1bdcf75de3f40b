#include "engine/continuous_programs.h"

namespace spyre::engine {

namespace {

// Powers of two below the most, and the most.
std::vector<int64_t> batch_sizes(int64_t most) {
  std::vector<int64_t> sizes;
  for (int64_t size = 1; size < most; size *= 2) sizes.push_back(size);
  sizes.push_back(most);
  return sizes;
}

}  // namespace

std::vector<model::StepShape> continuous_programs(const ContinuousSteps& steps) {
  std::vector<model::StepShape> programs;
  const auto add = [&programs](const model::StepShape& program) {
    if (std::ranges::find(programs, program) == programs.end()) programs.push_back(program);
  };
  for (const int64_t size : batch_sizes(steps.max_num_seqs)) {
    add({.rows = size, .sequences = size, .output_rows = size});
  }
  if (steps.options.draft_tokens > 0) {
    for (const int64_t size : batch_sizes(steps.max_num_seqs)) {
      const int64_t rows = verify_rows(size, steps.options.draft_tokens);
      if (rows > size) add({.rows = rows, .sequences = size, .output_rows = rows});
    }
  }
  const int64_t rows = std::min(steps.options.prefill_rows, steps.max_model_len);
  const int64_t outputs = std::min(rows, kTileOutputs);
  if (steps.mixed) {
    add({.rows = rows + steps.max_num_seqs,
         .sequences = steps.max_num_seqs,
         .output_rows = outputs + steps.max_num_seqs});
  } else {
    add({.rows = rows, .sequences = 1, .output_rows = outputs});
  }
  return programs;
}

}  // namespace spyre::engine
