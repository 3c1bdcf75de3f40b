// Everything that static batching decides before weights are read: the warmup shapes, what becomes
// of the user's limits, the size of the KV cache, and the memory that all of it takes. Takes plain
// values; where they were set is not known here, only what the settings are called.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plan/memory_plan.h"
#include "schedule/shape.h"

namespace spyre::plan {

struct StaticInputs {
  // Of VLLM_SPYRE_WARMUP_*, in any order; empty: to be planned (shape_ladder.h).
  std::vector<schedule::Shape> shapes;
  int64_t max_model_len = 0;  // that user and model allow
  // The user set no length: planned shapes may shorten it to what memory holds of one sequence.
  bool may_shorten = false;
  std::optional<int64_t> max_num_seqs;      // the user's
  std::optional<int64_t> kv_bytes_allowed;  // --kv-cache-memory-bytes
  int64_t available_bytes = 0;              // memory_limit_bytes()
  double utilization = 1;                   // --gpu-memory-utilization
  int threads = 1;
  backend::BackendOptions backend = {};
  // The programs that a shape needs.
  std::function<std::vector<model::StepShape>(const schedule::Shape&)> programs;
};

struct StaticPlan {
  std::vector<schedule::Shape> shapes;  // in the order in which they are preferred
  bool planned = false;                 // the shapes are ours, not the user's
  int64_t max_model_len = 0;
  int64_t max_num_seqs = 0;  // rows of the largest batch
  int64_t kv_blocks = 0;
  MemoryPlan memory;
  std::string summary;  // a line for the log: the limits, and which shapes they come from
};

// Shapes of the user's give max_model_len (the longest prompt plus answer) and max_num_seqs (the
// largest batch), whatever was asked for. kInvalidArgument: shapes that make no sense, or that are
// longer than the model's positions. Errors of plan_memory(). That memory suffices is for
// check_fits() to say.
Result<StaticPlan> plan_static(const checkpoint::Checkpoint& checkpoint,
                               const runner::Precision& precision, const StaticInputs& inputs);

// "--max-model-len or --max-num-seqs": what made the plan as large as it is.
std::string_view settings_to_lower(const StaticPlan& plan);

// check_fits() with those settings.
Status check_fits(const StaticPlan& plan);

}  // namespace spyre::plan
