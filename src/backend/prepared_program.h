// A program with all that it was made from, for whoever wants to show it (--dump).
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "compile/code.h"
#include "compile/program.h"
#include "compile/regions.h"
#include "graph/graph.h"

namespace spyre::backend {

struct PreparedProgram {
  std::string_view name;
  const graph::Graph& graph;
  const compile::Module& module;    // after the last pass
  const compile::Program& program;  // as tuned
  // Per routine; null: it was not compiled now.
  std::vector<const compile::CompiledRoutine*> answers;
};
using PreparedObserver = std::function<void(const PreparedProgram& program)>;

}  // namespace spyre::backend
