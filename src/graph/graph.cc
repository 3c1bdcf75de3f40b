#include "graph/graph.h"

#include <algorithm>

#include "graph/op_table.h"

namespace spyre::graph {

double Node::real(Attribute attribute) const {
  const auto found = std::ranges::find(attributes, attribute, &AttributeValue::attribute);
  SPYRE_CHECK(found != attributes.end());
  return found->value;
}

int64_t Node::integer(Attribute attribute) const { return static_cast<int64_t>(real(attribute)); }

NodeId Graph::append(Node node) {
  nodes_.push_back(std::move(node));
  return static_cast<NodeId>(nodes_.size() - 1);
}

bool is_computed(const Node& node) { return !info(node.op).is_leaf(); }

int64_t columns_of(const Node& node) { return node.type.dims.back(); }

int64_t elements_of(const Node& node) {
  int64_t elements = 1;
  for (const int64_t dim : node.type.dims) elements *= dim;
  return elements;
}

size_t row_operand(const Node& node) {
  switch (node.op) {
    case Op::kEmbed:
    case Op::kGatherRows:
    case Op::kMeanPool:
    case Op::kMaxPool:
      return 1;
    default:
      return 0;
  }
}

}  // namespace spyre::graph
