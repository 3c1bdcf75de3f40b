// The native backend: runs a graph as regions (compile/), each thread going through all of them
// with a barrier between, instead of op by op. Equal to the eager backend bit for bit.
#pragma once

#include <memory>
#include <optional>

#include "backend/backend.h"
#include "backend/code_options.h"
#include "backend/kv_cache.h"
#include "backend/prepared_program.h"
#include "backend/weights.h"
#include "base/thread_pool.h"
#include "compile/pipeline.h"
#include "compile/program.h"
#include "kernels/kernels.h"

namespace spyre::backend {

struct NativeOptions {
  kernels::Isa isa = kernels::Isa::kScalar;  // one that this machine has
  compile::PipelineOptions passes = {};
  // How machine code is had; none: programs run over the ahead-of-time pieces.
  std::optional<CodeOptions> code = {};
  PreparedObserver observer = {};  // told of every program
  bool time_regions = false;       // for Program::report()
};

// Borrows weights, cache and pool for its life.
std::unique_ptr<Backend> create_native_backend(const WeightSet& weights, const KvCache& kv_cache,
                                               ThreadPool& pool, NativeOptions options);

// What the compiler must know of weights and cache.
compile::WeightFormats weight_formats(const WeightSet& weights);
compile::KvLayout kv_layout(const KvCacheShape& shape);

// Memory beside weights and KV cache that the program of a graph takes: values, prepared rows, the
// scratch of all threads. Programs share it, so several need the largest of each.
struct NativeScratch {
  size_t arena = 0;
  size_t prepared = 0;
  size_t private_bytes = 0;  // all threads together
  size_t ropes = 0;

  size_t total() const { return arena + prepared + private_bytes + ropes; }
  void cover(const NativeScratch& other);
};
NativeScratch scratch_of(const compile::Program& program, int threads);
// The same from a graph, before anything is loaded: of weights only shapes and formats are read.
Result<NativeScratch> plan_native_scratch(const graph::Graph& graph, const WeightSet& weights,
                                          const KvCacheShape& kv_cache, int threads,
                                          const compile::PipelineOptions& passes);

}  // namespace spyre::backend
