// How a backend comes by machine code.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cache/graph_cache.h"
#include "compile/code.h"

namespace spyre::backend {

struct CodeOptions {
  // With keep_text what the cache has is compiled as well.
  compile::CodegenOptions codegen = {};
  // Asked before anything is compiled, and told of what was; none: every start compiles.
  std::shared_ptr<cache::GraphCache> cache = {};
  // Fields that tell apart entries of the cache beside what the program itself says: machine,
  // backend, tensor-parallel rank.
  std::vector<std::pair<std::string, std::string>> key_fields = {};
  // False: a program that the cache lacks is an error, "Compilation disabled".
  bool may_compile = true;
  // A program that was not in the cache is tuned before it is compiled, for at most so long
  // (native/autotune.h); 0: not at all.
  double tune_seconds = 0;
  // Names routines for perf in /tmp/perf-PID.map.
  bool perf_map = false;
};

}  // namespace spyre::backend
