#include "backend/weights.h"

namespace spyre::backend {

Status check_weight(const graph::Node& node, const WeightSet& weights) {
  const auto found = weights.find(node.name);
  if (found == weights.end()) {
    return error(Code::kInvalidArgument, "graph weight '{}': not among the loaded weights",
                 node.name);
  }
  if (found->second.shape == node.type.dims) return {};
  return error(Code::kInvalidArgument, "graph weight '{}': wanted shape [{}], loaded [{}]",
               node.name, fmt::join(node.type.dims, ", "), fmt::join(found->second.shape, ", "));
}

}  // namespace spyre::backend
