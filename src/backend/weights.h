// A model's weights in memory, as the kernels want them: matrices packed into panels, vectors as
// plain floats. Filled once by runner/, read by every backend. A weight keeps its name from the
// graph.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "graph/graph.h"
#include "kernels/kernels.h"
#include "kernels/piece.h"

namespace spyre::backend {

using kernels::InputType;

struct Weight {
  std::vector<int64_t> shape;
  std::vector<float> values;                    // rank 1
  std::vector<kernels::PackedMatrix> matrices;  // rank 2: one; rank 3: one per expert
  InputType input = InputType::kF32;            // of the matrices
  std::vector<int32_t> input_order;  // packed column k reads input column input_order[k]; empty: k
  AlignedBuffer storage;             // what the matrices point into

  int64_t bytes() const {
    return static_cast<int64_t>(storage.bytes() + values.size() * sizeof(float) +
                                input_order.size() * sizeof(int32_t));
  }
};

using WeightSet = std::map<std::string, Weight, std::less<>>;

// node: a weight of a graph. kInvalidArgument: it is not there, or of another shape.
Status check_weight(const graph::Node& node, const WeightSet& weights);

}  // namespace spyre::backend
