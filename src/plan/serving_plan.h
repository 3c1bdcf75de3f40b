// Everything that is decided before weights are read, in any mode: what becomes of the user's
// limits, the size of the KV cache, the programs, and the memory that all of it takes.
#pragma once

#include <string>
#include <vector>

#include "plan/memory_plan.h"
#include "schedule/shape.h"

namespace spyre::plan {

// How the texts of a pooling model are put together.
enum class Pooled : uint8_t {
  kNot,     // the model generates
  kPadded,  // batches of the shapes
  kPacked,  // as many as a step's tokens hold
};

struct ServingPlan {
  Pooled pooled = Pooled::kNot;
  std::vector<schedule::Shape> shapes = {};  // static batching: in the order of preference
  bool planned = false;                      // the shapes are ours, not the user's
  int64_t max_model_len = 0;
  int64_t max_num_seqs = 0;   // rows of the largest batch
  int64_t step_tokens = 0;    // packed: of a step
  int64_t kv_blocks = 0;      // of the cache
  int64_t usable_blocks = 0;  // of them, those that requests may have
  std::vector<model::StepShape> programs = {};
  MemoryPlan memory = {};
  std::string summary = {};  // for the log: the limits, and where they come from
  // What made it so large: "--max-model-len or --max-num-seqs".
  std::string_view settings_to_lower = {};
};

// check_fits() of its memory, with those settings.
Status check_fits(const ServingPlan& plan);

// What is common to the plans of all modes.
struct Machine {
  std::optional<int64_t> kv_bytes_allowed;  // --kv-cache-memory-bytes
  int64_t available_bytes = 0;              // memory_limit_bytes()
  double utilization = 1;                   // --gpu-memory-utilization
  int threads = 1;
  backend::BackendOptions backend = {};
};

// Half of what weights, text and program leave: the other half is for activations, the system's
// file cache and whoever else is there. Or what the user allows.
Result<int64_t> kv_budget(const checkpoint::Checkpoint& checkpoint,
                          const runner::Precision& precision, int64_t max_model_len,
                          const Machine& machine);

// Adds up the memory of a plan that is complete otherwise. Errors of plan_memory().
Status add_memory(const checkpoint::Checkpoint& checkpoint, const runner::Precision& precision,
                  const Machine& machine, ServingPlan& plan);

}  // namespace spyre::plan
