// Everything that static batching decides before weights are read: the warmup shapes, what becomes
// of the user's limits, the size of the KV cache, and the memory that all of it takes. Takes plain
// values; where they were set is not known here, only what the settings are called.
#pragma once

#include <functional>
#include <optional>

#include "plan/serving_plan.h"

namespace spyre::plan {

struct StaticInputs {
  // Of VLLM_SPYRE_WARMUP_*, in any order; empty: to be planned (shape_ladder.h).
  std::vector<schedule::Shape> shapes;
  int64_t max_model_len = 0;  // that user and model allow
  // The user set no length: planned shapes may shorten it to what memory holds of one sequence.
  bool may_shorten = false;
  std::optional<int64_t> max_num_seqs;  // the user's
  Machine machine = {};
  // The programs that a shape needs.
  std::function<std::vector<model::StepShape>(const schedule::Shape&)> programs;
};

// Shapes of the user's give max_model_len (the longest prompt plus answer) and max_num_seqs (the
// largest batch), whatever was asked for. kInvalidArgument: shapes that make no sense, or that are
// longer than the model's positions. Errors of plan_memory(). That memory suffices is for
// check_fits() to say.
Result<ServingPlan> plan_static(const checkpoint::Checkpoint& checkpoint,
                                const runner::Precision& precision, const StaticInputs& inputs);

}  // namespace spyre::plan
