#include "plan/pooling_plan.h"

#include <algorithm>

#include "schedule/static_admission.h"

namespace spyre::plan {

namespace {

using schedule::kBlockTokens;
using schedule::Shape;

// A packed step of few rows: one short text, the scratch of which stays in the caches.
constexpr int64_t kFewRows = 128;

int64_t blocks_of(int64_t tokens) { return (tokens + kBlockTokens - 1) / kBlockTokens; }

// Prompt lengths of 64, 128, 256 ... up to the longest text, each in batches of a step's rows.
std::vector<Shape> planned_shapes(const PoolingInputs& inputs) {
  const int64_t longest = blocks_of(inputs.max_tokens) * kBlockTokens;
  std::vector<Shape> shapes;
  for (int64_t length = kBlockTokens;; length = std::min(2 * length, longest)) {
    shapes.push_back(
        {.prompt_tokens = length,
         .batch_size = std::clamp<int64_t>(inputs.rows / length, 1, inputs.sequences)});
    if (length == longest) return shapes;
  }
}

void add_program(const PoolingInputs& inputs, int64_t rows, ServingPlan& plan) {
  const model::StepShape program = inputs.program(rows);
  const auto found = std::ranges::find(plan.programs, program);
  if (found == plan.programs.end()) plan.programs.push_back(program);
}

// A batch of a large shape is run in several steps.
void plan_padded(const PoolingInputs& inputs, ServingPlan& plan) {
  for (const Shape& shape : plan.shapes) {
    const int64_t most = std::max(shape.prompt_tokens, inputs.rows);
    add_program(inputs, std::min(shape.prompt_tokens * shape.batch_size, most), plan);
    plan.kv_blocks = std::max(plan.kv_blocks, shape.blocks());
  }
  plan.summary = fmt::format(
      "pooling by static batching: texts of up to {} tokens, max_num_seqs {}, from the {} warmup "
      "shapes (prompt, new tokens, batch) {}",
      plan.max_model_len, plan.max_num_seqs, plan.planned ? "planned" : "given",
      schedule::text(plan.shapes));
}

void plan_packed(const PoolingInputs& inputs, ServingPlan& plan) {
  // Given shapes say how large a step may become.
  plan.step_tokens = std::max(inputs.rows, plan.max_model_len);
  if (!plan.planned) {
    plan.step_tokens = plan.max_model_len;
    for (const Shape& shape : plan.shapes) {
      plan.step_tokens = std::max(plan.step_tokens, shape.prompt_tokens * shape.batch_size);
    }
  }
  plan.shapes.clear();
  plan.max_num_seqs = std::min(inputs.sequences, plan.step_tokens);
  add_program(inputs, std::min(kFewRows, plan.step_tokens), plan);
  add_program(inputs, plan.step_tokens, plan);
  plan.kv_blocks = plan.step_tokens / kBlockTokens + plan.max_num_seqs;
  plan.summary = fmt::format(
      "pooling by packed batches: texts of up to {} tokens, steps of up to {} tokens of {} texts",
      plan.max_model_len, plan.step_tokens, plan.max_num_seqs);
}

}  // namespace

Result<ServingPlan> plan_pooling(const checkpoint::Checkpoint& checkpoint,
                                 const runner::Precision& precision, const PoolingInputs& inputs) {
  ServingPlan plan;
  plan.pooled = inputs.packed ? Pooled::kPacked : Pooled::kPadded;
  plan.planned = inputs.shapes.empty();
  const std::vector<Shape> shapes = plan.planned ? planned_shapes(inputs) : inputs.shapes;
  SPYRE_TRY_ASSIGN(plan.shapes, schedule::sorted_shapes(shapes, 0));
  for (const Shape& shape : plan.shapes) {
    plan.max_model_len = std::max(plan.max_model_len, shape.prompt_tokens);
    plan.max_num_seqs = std::max(plan.max_num_seqs, shape.batch_size);
  }
  // A shape's padding may go beyond what the model has positions for; its texts may not.
  plan.max_model_len = std::min(plan.max_model_len, inputs.max_tokens);
  if (inputs.packed) {
    plan_packed(inputs, plan);
  } else {
    plan_padded(inputs, plan);
  }
  plan.usable_blocks = plan.kv_blocks;
  plan.settings_to_lower = plan.planned
                               ? "--max-model-len or --max-num-batched-tokens"
                               : "VLLM_SPYRE_WARMUP_BATCH_SIZES or VLLM_SPYRE_WARMUP_PROMPT_LENS";
  SPYRE_TRY(add_memory(checkpoint, precision, inputs.machine, plan));
  return plan;
}

}  // namespace spyre::plan
