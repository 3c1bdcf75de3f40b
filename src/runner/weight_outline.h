// What a tensor becomes in memory, before its values are read: format, panels, bytes. Loading fills
// such an outline, the memory plan adds outlines up, so that both speak of the same bytes.
#pragma once

#include <cstdint>

#include "backend/weights.h"
#include "checkpoint/checkpoint.h"
#include "graph/graph.h"
#include "runner/precision.h"

namespace spyre::runner {

// A weight without storage: shape, input, input_order, and matrices whose panels are null. Vectors
// have no values yet. Reads the tensor's format and shape only.
// kUnsupported: a shape that the format cannot hold.
Result<backend::Weight> outline_weight(const checkpoint::StoredTensor& tensor,
                                       const Precision& precision);

// Bytes of all packed matrices of an outline; 0 for a vector.
int64_t matrix_bytes(const backend::Weight& outline);
// backend::Weight::bytes() of the outline once it is filled.
int64_t filled_bytes(const backend::Weight& outline);

// Every weight that the graph names, as outlines. Errors: those of Checkpoint::tensor_outline() and
// outline_weight().
Result<backend::WeightSet> outline_weights(const graph::Graph& graph,
                                           const checkpoint::Checkpoint& checkpoint,
                                           const Precision& precision);

}  // namespace spyre::runner
