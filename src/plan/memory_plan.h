// What serving a model takes of this machine's memory, added up from headers and shapes before any
// weight is read, and whether the machine has it. Weights, KV cache and activations are exact: they
// are what loading and warm-up will ask for. Text and program are estimates and say so.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "backend/create.h"
#include "backend/kv_cache.h"
#include "checkpoint/checkpoint.h"
#include "model/model.h"
#include "plan/parts.h"
#include "runner/precision.h"

namespace spyre::plan {

struct MemoryRequest {
  const checkpoint::Checkpoint& checkpoint;
  runner::Precision precision;
  int64_t max_model_len = 0;
  int64_t kv_blocks = 0;
  std::span<const model::StepShape> programs;  // that will be prepared
  int threads = 1;
  backend::BackendOptions backend = {};
  int64_t available_bytes = 0;              // of the machine or the cgroup
  double utilization = 1;                   // the share of it that may be taken
  std::optional<int64_t> kv_bytes_allowed;  // --kv-cache-memory-bytes
};

struct MemoryPlan {
  std::vector<Part> parts;
  int64_t available_bytes = 0;
  double utilization = 1;
  int64_t kv_bytes = 0;
  std::optional<int64_t> kv_bytes_allowed = {};

  int64_t usable_bytes() const;
  bool fits() const;
};

// The whole bytes of that share, 0 < utilization <= 1.
int64_t usable_bytes(int64_t available_bytes, double utilization);

// Bytes of all weights as they will lie in memory. Errors: those of model::build,
// Checkpoint::tensor_outline and runner::outline_weight.
Result<int64_t> weight_bytes(const checkpoint::Checkpoint& checkpoint,
                             const runner::Precision& precision, int64_t max_model_len);

// Memory beside weights, KV cache and activations, by experience: tokenizer, program, buffers.
int64_t fixed_bytes(const checkpoint::ModelConfig& config);

// Errors: those of weight_bytes(); a plan that does not fit is none.
Result<MemoryPlan> plan_memory(const MemoryRequest& request);

// The table and the verdict, a few lines.
std::string text(const MemoryPlan& plan);
Json to_json(const MemoryPlan& plan);

// kResourceExhausted: it does not fit; with the table, the numbers, and `settings_to_lower`, the
// names of those that made it so large.
Status check_fits(const MemoryPlan& plan, std::string_view settings_to_lower);

}  // namespace spyre::plan
