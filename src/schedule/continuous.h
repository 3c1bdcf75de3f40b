// What the schedulers of continuous batching have in common: their limits, and which requests can
// never run within them. Each sequence is a request of its own there; an engine splits requests of
// several choices.
#pragma once

#include "schedule/scheduler.h"

namespace spyre::schedule {

struct ContinuousLimits {
  int64_t max_num_seqs = 1;   // requests that run at once
  int64_t max_model_len = 0;  // tokens of a request, prompt and answer
  int64_t kv_blocks = 0;      // usable ones, kBlockTokens each
};

inline int64_t blocks_of(int64_t tokens) { return (tokens + kBlockTokens - 1) / kBlockTokens; }
inline int64_t ceil_to_block(int64_t tokens) { return blocks_of(tokens) * kBlockTokens; }

// kInvalidArgument: a limit below 1, or fewer blocks than one request of max_model_len needs.
Status check(const ContinuousLimits& limits);

// kInvalidArgument: below max_model_len, where the longest request would wait for ever.
Status check_volume_limit(int64_t volume_limit, const ContinuousLimits& limits);

// Whether a request whose prompt takes `prompt_positions` (padding included) can ever run.
// kInvalidArgument, with the four numbers: it is longer than max_model_len; several sequences.
Status check_length(const ContinuousLimits& limits, const Demand& demand, int64_t prompt_positions);

}  // namespace spyre::schedule
