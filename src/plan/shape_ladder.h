// Warmup shapes for a server that was given none. A static batch holds only requests whose prompt
// and answer both fit its shape, so one shape cannot serve long prompts and long answers alike: the
// ladder has four, which share the model's length between prompt and answer differently, from a
// quarter for the prompt to nearly all. All have the same batch size, the largest that memory
// allows: which shape a request needs says nothing of how many there will be.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "schedule/shape.h"

namespace spyre::plan {

struct LadderInputs {
  int64_t max_model_len = 0;
  std::optional<int64_t> max_num_seqs;  // unset: as many as fit, up to kMostUnasked
  int64_t kv_block_bytes = 0;
  int64_t kv_budget_bytes = 0;  // what the KV cache may take
};

// Rows that are computed at once whether or not somebody needs them: more than this is asked for.
inline constexpr int64_t kMostUnasked = 32;

// KV blocks to have for a shape: those of a full batch, and one more for each sequence, for beams
// fork before their parents end.
int64_t kv_blocks(const schedule::Shape& shape);

// Prompts of a quarter, a half and three quarters of max_model_len and of all but 64 tokens of it,
// rounded down to blocks; the rest is for the answer. Short models have fewer rungs, at least one:
// prompts of 64 tokens, even where that is more than max_model_len leaves. A batch of 1 may take
// more than the budget.
std::vector<schedule::Shape> shape_ladder(const LadderInputs& inputs);

}  // namespace spyre::plan
