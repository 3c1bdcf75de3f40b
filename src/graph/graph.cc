#include "graph/graph.h"

#include <algorithm>

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

}  // namespace spyre::graph
