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
  compile::CodegenOptions codegen = {};
  // Asked before anything is compiled, and told of what was; none: every start compiles.
  std::shared_ptr<cache::GraphCache> cache = {};
  // Fields that tell apart entries of the cache beside what the program itself says: machine,
  // backend, tensor-parallel rank.
  std::vector<std::pair<std::string, std::string>> key_fields = {};
  // False: a program that the cache lacks is an error, "Compilation disabled".
  bool may_compile = true;
};

}  // namespace spyre::backend
