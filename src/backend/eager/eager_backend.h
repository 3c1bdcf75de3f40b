// The eager backend: interprets a graph op by op with the AOT kernels. It is the reference that
// compiled programs must equal bit for bit, and runs every model on every x86-64 machine.
#pragma once

#include <memory>

#include "backend/backend.h"
#include "backend/kv_cache.h"
#include "backend/weights.h"
#include "base/thread_pool.h"
#include "kernels/kernels.h"

namespace spyre::backend {

// Borrows all arguments for its life. isa: one that this machine has.
std::unique_ptr<Backend> create_eager_backend(const WeightSet& weights, const KvCache& kv_cache,
                                              ThreadPool& pool, kernels::Isa isa);

}  // namespace spyre::backend
