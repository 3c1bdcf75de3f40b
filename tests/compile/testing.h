// What tests of this room share.
#pragma once

#include "compile/regions.h"

namespace spyre::compile::testing {

// Every matrix of the graph as f32.
inline WeightFormats formats_of(const graph::Graph& graph) {
  WeightFormats formats;
  for (const graph::Node& node : graph.nodes()) {
    if (node.op == graph::Op::kWeight && node.type.dims.size() > 1) formats[node.name] = {};
  }
  return formats;
}

}  // namespace spyre::compile::testing
