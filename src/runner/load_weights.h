// Reads a checkpoint's tensors into the packed matrices that the kernels want, tensor by tensor on
// all threads; the mapped pages of a tensor are given back as soon as it is packed, so memory peaks
// near the packed size.
#pragma once

#include <cstdint>
#include <functional>

#include "backend/weights.h"
#include "base/thread_pool.h"
#include "checkpoint/checkpoint.h"
#include "graph/graph.h"
#include "runner/precision.h"

namespace spyre::runner {

// Told the weights done and in total; false stops loading with kCancelled.
using LoadProgress = std::function<bool(int64_t done, int64_t total)>;

// Loads every weight that the graph names, with the shapes the graph wants.
// Errors: those of Checkpoint::tensor (missing, wrong shape), kUnsupported (a shape that the format
// cannot hold), kResourceExhausted, kCancelled.
Result<backend::WeightSet> load_weights(const graph::Graph& graph,
                                        const checkpoint::Checkpoint& checkpoint,
                                        const Precision& precision, ThreadPool& pool,
                                        const LoadProgress& progress);

}  // namespace spyre::runner
