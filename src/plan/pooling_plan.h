// Everything that serving a pooling model decides before weights are read. It runs static batching
// over shapes without answers: padded to them, or packed, so that a step holds as many texts as
// their tokens leave room for.
#pragma once

#include <functional>
#include <vector>

#include "plan/serving_plan.h"

namespace spyre::plan {

struct PoolingInputs {
  // Of VLLM_SPYRE_WARMUP_PROMPT_LENS and _BATCH_SIZES, new tokens 0, in any order; empty: to be
  // planned for texts of up to max_tokens.
  std::vector<schedule::Shape> shapes;
  int64_t max_tokens = 0;  // of a text, that user and model allow
  bool packed = false;
  int64_t rows = 0;       // of a step that is worth its weights; longer texts have longer steps
  int64_t sequences = 0;  // of a step
  Machine machine = {};
  // The program of so many rows.
  std::function<model::StepShape(int64_t rows)> program;
};

// max_model_len is the longest text. kInvalidArgument: shapes that make no sense. Errors of
// plan_memory(). That memory suffices is for check_fits() to say.
Result<ServingPlan> plan_pooling(const checkpoint::Checkpoint& checkpoint,
                                 const runner::Precision& precision, const PoolingInputs& inputs);

}  // namespace spyre::plan
