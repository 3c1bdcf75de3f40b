// Runs the passes of passes.inc: each by name, timed, verified after, and, but for those that
// nothing works without, switched off when asked, so that a wrong one can be found by halves.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "compile/regions.h"

namespace spyre::compile {

struct PassReport {
  std::string_view name;
  bool disabled = false;
  double seconds = 0;
};

struct PipelineOptions {
  std::set<std::string, std::less<>> disabled = {};  // names of passes
  // Told of every pass when it is done, with the module as it is then.
  std::function<void(const PassReport& report, const Module& module)> observer = {};
};

// "gather-early,fuse-rows" as a set. kInvalidArgument: a name that is no pass, or one that cannot
// be switched off, with those that can.
Result<std::set<std::string, std::less<>>> parse_pass_names(std::string_view text);

// The graph, grouped into regions. kInvalidArgument: a graph that does not verify, or a matrix that
// `weights` lacks. kInternal names the pass that broke the module.
Result<Module> run_passes(const graph::Graph& graph, const WeightFormats& weights,
                          const PipelineOptions& options);

}  // namespace spyre::compile
