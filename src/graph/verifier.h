// Checks nodes one after another as a graph grows: parse() feeds it a line at a time, verify() a
// whole graph. A graph whose nodes and outputs all pass has only known ops, finite numbers, tensors
// of bounded size, and prints to text that parses back to it.
#pragma once

#include <set>
#include <span>
#include <string>

#include "graph/graph.h"

namespace spyre::graph {

class Verifier {
 public:
  // before: every node that came earlier, each checked. kInvalidArgument starts with the node,
  // "%3 = matmul: ...". Remembers the names of leaves.
  Status check(std::span<const Node> before, const Node& node);

 private:
  Status check_node(std::span<const Node> before, const Node& node);
  Status check_name(const Node& node);

  std::set<std::string, std::less<>> names_;
};

// There is at least one output, and each is a result, not an input, weight or constant.
Status check_outputs(const Graph& graph);

}  // namespace spyre::graph
