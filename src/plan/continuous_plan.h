// The plan of continuous batching: how many KV blocks there are, and what becomes of limits that
// memory does not hold.
#pragma once

#include <functional>
#include <optional>

#include "plan/serving_plan.h"

namespace spyre::plan {

struct ContinuousInputs {
  std::string mode;           // "chunked prefill", for the summary
  int64_t max_model_len = 0;  // that user and model allow
  bool may_shorten = false;   // the user set no length: memory for one request may shorten it
  int64_t max_num_seqs = 0;
  bool may_lower_seqs = false;  // the user set no number
  // Usable blocks, of --num-gpu-blocks-override.
  std::optional<int64_t> blocks_override = {};
  // The pool is a multiple of max_num_seqs, the block that is nobody's included: an override is
  // rounded down, our own number up.
  bool whole_rows = false;
  // max_num_seqs requests of max_model_len must fit: the mode reserves nothing.
  bool needs_all = false;
  Machine machine = {};
  // Of so many requests of such a length.
  std::function<std::vector<model::StepShape>(int64_t max_num_seqs, int64_t max_model_len)>
      programs = {};
};

// Limits and blocks alone, with so many blocks at most for what is not said. kInvalidArgument:
// fewer than one request of max_model_len needs ("Number of pages available ...").
Result<ServingPlan> continuous_limits(const ContinuousInputs& inputs, int64_t affordable_blocks);

// As many blocks as max_num_seqs requests of max_model_len can use, or as the KV cache may take of
// memory. Errors of continuous_limits() and plan_memory(). That memory suffices is for
// check_fits() to say.
Result<ServingPlan> plan_continuous(const checkpoint::Checkpoint& checkpoint,
                                    const runner::Precision& precision,
                                    const ContinuousInputs& inputs);

}  // namespace spyre::plan
