#include "backend/create.h"

#include "backend/eager/eager_backend.h"
#include "backend/eager/scratch_plan.h"
#include "backend/native/native_backend.h"

namespace spyre::backend {

std::unique_ptr<Backend> create_backend(const WeightSet& weights, const KvCache& kv_cache,
                                        ThreadPool& pool, const BackendOptions& options) {
  if (options.execution == Execution::kEager) {
    return create_eager_backend(weights, kv_cache, pool, options.isa);
  }
  return create_native_backend(weights, kv_cache, pool,
                               {.isa = options.isa,
                                .passes = options.passes,
                                .code = options.code,
                                .observer = options.observer,
                                .time_regions = options.time_regions});
}

Result<int64_t> plan_scratch_bytes(std::span<const graph::Graph> graphs, const WeightSet& weights,
                                   const KvCacheShape& kv_cache, int threads,
                                   const BackendOptions& options) {
  ScratchPlan eager;
  NativeScratch native;
  for (const graph::Graph& graph : graphs) {
    if (options.execution == Execution::kEager) {
      SPYRE_TRY_ASSIGN(const ScratchPlan each, plan_scratch(graph, weights, kv_cache, threads));
      eager.cover(each);
    } else {
      SPYRE_TRY_ASSIGN(const NativeScratch each,
                       plan_native_scratch(graph, weights, kv_cache, threads, options.passes));
      native.cover(each);
    }
  }
  return static_cast<int64_t>(eager.total() + native.total());
}

}  // namespace spyre::backend
