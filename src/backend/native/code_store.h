// Machine code of the routines of all programs of a backend, each made once. Programs that share
// routines (those of several rows all do) share their code; a program of the graph cache brings all
// of its own.
#pragma once

#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/code_options.h"
#include "compile/code.h"
#include "compile/program.h"

namespace spyre::backend {

class CodeStore {
 public:
  explicit CodeStore(CodeOptions options) : options_(std::move(options)) {}

  // Finds the program's routines in the cache, else compiles those that no earlier program had, and
  // stores all of them. A routine without code is run over pieces, and the log says why. Errors:
  // kCancelled; kInvalidArgument when it may not be compiled.
  Status add(const compile::Program& program, cache::KeyFields key);

  // Null: there is no code for it.
  compile::RoutineFunction find(const compile::Routine& routine) const;
  const CodeReport& report() const { return report_; }

 private:
  struct Entry {
    compile::Routine routine;
    std::vector<compile::LoadedCode> code;  // one, or none
  };

  const Entry* entry_of(const compile::Routine& routine) const;
  bool load(const compile::Program& program, const cache::KeyFields& key, std::string& reason);
  Status compile_missing(const compile::Program& program);
  void store(const compile::Program& program, const cache::KeyFields& key, double seconds);
  void keep(const compile::Routine& routine, compile::CompiledRoutine result);

  const CodeOptions options_;
  std::vector<Entry> entries_;
  CodeReport report_;
  bool available_ = true;  // the compiler
};

}  // namespace spyre::backend
