#include "plan/serving_plan.h"

#include <algorithm>

namespace spyre::plan {

Status check_fits(const ServingPlan& plan) {
  return check_fits(plan.memory, plan.settings_to_lower);
}

Result<int64_t> kv_budget(const checkpoint::Checkpoint& checkpoint,
                          const runner::Precision& precision, int64_t max_model_len,
                          const Machine& machine) {
  SPYRE_TRY_ASSIGN(const int64_t weights, weight_bytes(checkpoint, precision, max_model_len));
  const int64_t left = usable_bytes(machine.available_bytes, machine.utilization) - weights -
                       fixed_bytes(checkpoint.config());
  return machine.kv_bytes_allowed.value_or(std::max<int64_t>(0, left / 2));
}

Status add_memory(const checkpoint::Checkpoint& checkpoint, const runner::Precision& precision,
                  const Machine& machine, ServingPlan& plan) {
  SPYRE_TRY_ASSIGN(plan.memory, plan_memory({.checkpoint = checkpoint,
                                             .precision = precision,
                                             .max_model_len = plan.max_model_len,
                                             .kv_blocks = plan.kv_blocks,
                                             .programs = plan.programs,
                                             .threads = machine.threads,
                                             .backend = machine.backend,
                                             .available_bytes = machine.available_bytes,
                                             .utilization = machine.utilization,
                                             .kv_bytes_allowed = machine.kv_bytes_allowed}));
  return {};
}

}  // namespace spyre::plan
