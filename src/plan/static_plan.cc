// Shapes first, limits from them, memory last.
#include "plan/static_plan.h"

#include <algorithm>

#include "plan/shape_ladder.h"
#include "runner/kv_shape.h"
#include "schedule/static_admission.h"

namespace spyre::plan {

namespace {

using schedule::Shape;

Status check_positions(const std::vector<Shape>& shapes, int64_t max_positions) {
  for (const Shape& shape : shapes) {
    if (shape.total_tokens() <= max_positions) continue;
    return error(Code::kInvalidArgument,
                 "warmup shape {}: wanted prompt plus new tokens of at most the model's {} "
                 "positions, found {}; lower VLLM_SPYRE_WARMUP_PROMPT_LENS or _NEW_TOKENS",
                 schedule::text(std::span(&shape, 1)), max_positions, shape.total_tokens());
  }
  return {};
}

// Tokens of one sequence that so many blocks hold, one block being for forks; some, however few
// the blocks.
int64_t affordable_tokens(int64_t blocks) {
  constexpr int64_t kFewestBlocks = 2;
  return std::max(kFewestBlocks, blocks - 1) * schedule::kBlockTokens;
}

Status plan_shapes(const checkpoint::Checkpoint& checkpoint, const runner::Precision& precision,
                   const StaticInputs& inputs, ServingPlan& plan) {
  SPYRE_TRY_ASSIGN(const int64_t budget,
                   kv_budget(checkpoint, precision, inputs.max_model_len, inputs.machine));
  const int64_t block_bytes = runner::kv_shape(checkpoint.config(), precision.kv, 1).block_bytes();
  plan.max_model_len = inputs.max_model_len;
  if (inputs.may_shorten) {
    plan.max_model_len = std::min(plan.max_model_len, affordable_tokens(budget / block_bytes));
  }
  plan.shapes = shape_ladder({.max_model_len = plan.max_model_len,
                              .max_num_seqs = inputs.max_num_seqs,
                              .kv_block_bytes = block_bytes,
                              .kv_budget_bytes = budget});
  return {};
}

int64_t most(const std::vector<Shape>& shapes, int64_t (*of)(const Shape&)) {
  int64_t result = 0;
  for (const Shape& shape : shapes) result = std::max(result, of(shape));
  return result;
}

std::string summary(const ServingPlan& plan) {
  return fmt::format(
      "static batching: max_model_len {}, max_num_seqs {}, from the {} warmup shapes (prompt, new "
      "tokens, batch) {}",
      plan.max_model_len, plan.max_num_seqs, plan.planned ? "planned" : "given",
      schedule::text(plan.shapes));
}

}  // namespace

Result<ServingPlan> plan_static(const checkpoint::Checkpoint& checkpoint,
                                const runner::Precision& precision, const StaticInputs& inputs) {
  ServingPlan plan;
  plan.planned = inputs.shapes.empty();
  if (plan.planned) {
    SPYRE_TRY(plan_shapes(checkpoint, precision, inputs, plan));
  } else {
    SPYRE_TRY_ASSIGN(plan.shapes, schedule::sorted_shapes(inputs.shapes));
    SPYRE_TRY(check_positions(plan.shapes, checkpoint.config().max_positions));
    plan.max_model_len = most(plan.shapes, [](const Shape& shape) { return shape.total_tokens(); });
  }
  plan.max_num_seqs = most(plan.shapes, [](const Shape& shape) { return shape.batch_size; });
  plan.kv_blocks = most(plan.shapes, kv_blocks);
  plan.usable_blocks = plan.kv_blocks;
  plan.summary = summary(plan);

  for (const Shape& shape : plan.shapes) {
    for (const model::StepShape& program : inputs.programs(shape)) {
      if (std::ranges::find(plan.programs, program) == plan.programs.end()) {
        plan.programs.push_back(program);
      }
    }
  }
  plan.settings_to_lower = plan.planned
                               ? "--max-model-len or --max-num-seqs"
                               : "VLLM_SPYRE_WARMUP_BATCH_SIZES, VLLM_SPYRE_WARMUP_PROMPT_LENS or "
                                 "VLLM_SPYRE_WARMUP_NEW_TOKENS";
  SPYRE_TRY(add_memory(checkpoint, precision, inputs.machine, plan));
  return plan;
}

}  // namespace spyre::plan
