// Length first, then rows, then blocks; memory last.
#include "plan/continuous_plan.h"

#include <algorithm>

#include "runner/kv_shape.h"
#include "schedule/continuous.h"

namespace spyre::plan {

namespace {

using schedule::blocks_of;

int64_t round_down(int64_t value, int64_t step) { return value / step * step; }
int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

// All that requests could use.
int64_t most_blocks(const ContinuousInputs& inputs, const ServingPlan& plan) {
  const int64_t all = plan.max_num_seqs * blocks_of(plan.max_model_len);
  return inputs.whole_rows ? round_up(all + 1, plan.max_num_seqs) - 1 : all;
}

// Limits that nobody asked for follow memory.
void fit_limits(const ContinuousInputs& inputs, int64_t affordable, ServingPlan& plan) {
  constexpr int64_t kFewestBlocks = 2;
  const int64_t blocks = std::max(kFewestBlocks, inputs.blocks_override.value_or(affordable));
  if (inputs.may_shorten) {
    plan.max_model_len = std::min(plan.max_model_len, blocks * schedule::kBlockTokens);
  }
  if (inputs.needs_all && inputs.may_lower_seqs) {
    plan.max_num_seqs =
        std::clamp<int64_t>(blocks / blocks_of(plan.max_model_len), 1, plan.max_num_seqs);
  }
}

// More than memory affords only where less would not do: check_fits() then says so.
int64_t usable_blocks(const ContinuousInputs& inputs, int64_t affordable, const ServingPlan& plan) {
  if (inputs.blocks_override) {
    return inputs.whole_rows ? round_down(*inputs.blocks_override, plan.max_num_seqs)
                             : *inputs.blocks_override;
  }
  const int64_t most = most_blocks(inputs, plan);
  const int64_t fewest = inputs.needs_all ? most : blocks_of(plan.max_model_len);
  return std::clamp(affordable, fewest, std::max(fewest, most));
}

std::string summary(const ContinuousInputs& inputs, const ServingPlan& plan) {
  const int64_t tokens = plan.usable_blocks * schedule::kBlockTokens;
  return fmt::format(
      "continuous batching ({}): max_model_len {}, max_num_seqs {}\n"
      "CPU KV cache size: {} tokens ({} blocks of {})\n"
      "Maximum concurrency for {} tokens per request: {:.2f}x",
      inputs.mode, plan.max_model_len, plan.max_num_seqs, tokens, plan.usable_blocks,
      schedule::kBlockTokens, plan.max_model_len,
      static_cast<double>(tokens) / static_cast<double>(plan.max_model_len));
}

}  // namespace

Result<ServingPlan> continuous_limits(const ContinuousInputs& inputs, int64_t affordable_blocks) {
  ServingPlan plan{
      .max_model_len = inputs.max_model_len,
      .max_num_seqs = inputs.max_num_seqs,
      .settings_to_lower = "--max-model-len, --max-num-seqs or --num-gpu-blocks-override"};
  fit_limits(inputs, affordable_blocks, plan);
  plan.usable_blocks = usable_blocks(inputs, affordable_blocks, plan);
  SPYRE_TRY(schedule::check({.max_num_seqs = plan.max_num_seqs,
                             .max_model_len = plan.max_model_len,
                             .kv_blocks = plan.usable_blocks}));
  plan.kv_blocks = plan.usable_blocks + 1;
  plan.summary = summary(inputs, plan);
  return plan;
}

Result<ServingPlan> plan_continuous(const checkpoint::Checkpoint& checkpoint,
                                    const runner::Precision& precision,
                                    const ContinuousInputs& inputs) {
  SPYRE_TRY_ASSIGN(const int64_t budget,
                   kv_budget(checkpoint, precision, inputs.max_model_len, inputs.machine));
  const int64_t block_bytes = runner::kv_shape(checkpoint.config(), precision.kv, 1).block_bytes();
  // One block is nobody's.
  SPYRE_TRY_ASSIGN(ServingPlan plan, continuous_limits(inputs, budget / block_bytes - 1));
  plan.programs = inputs.programs(plan.max_num_seqs, plan.max_model_len);
  SPYRE_TRY(add_memory(checkpoint, precision, inputs.machine, plan));
  return plan;
}

}  // namespace spyre::plan
