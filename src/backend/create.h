// Which backend runs a model, and the memory that its programs take.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "backend/backend.h"
#include "backend/code_options.h"
#include "backend/kv_cache.h"
#include "backend/prepared_program.h"
#include "backend/weights.h"
#include "base/thread_pool.h"
#include "compile/pipeline.h"
#include "kernels/kernels.h"

namespace spyre::backend {

enum class Execution : uint8_t {
  kEager,     // op by op
  kCompiled,  // by regions
};

struct BackendOptions {
  Execution execution = Execution::kEager;
  kernels::Isa isa = kernels::Isa::kScalar;  // one that this machine has
  // Compiled only: passes, and how machine code is had; none: ahead-of-time pieces.
  compile::PipelineOptions passes = {};
  std::optional<CodeOptions> code = {};
  PreparedObserver observer = {};
  bool time_regions = false;  // for reports
};

// Borrows weights, cache and pool for its life.
std::unique_ptr<Backend> create_backend(const WeightSet& weights, const KvCache& kv_cache,
                                        ThreadPool& pool, const BackendOptions& options);

// Bytes that programs of these graphs take together, beside weights and KV cache: known from shapes
// and formats, before any weight is read. Errors: those of Backend::prepare.
Result<int64_t> plan_scratch_bytes(std::span<const graph::Graph> graphs, const WeightSet& weights,
                                   const KvCacheShape& kv_cache, int threads,
                                   const BackendOptions& options);

}  // namespace spyre::backend
