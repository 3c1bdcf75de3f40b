// Machine code of the routines of all programs of a backend, each made once. Programs that share
// routines (those of several rows all do) share their code.
#pragma once

#include <string>
#include <vector>

#include "backend/backend.h"
#include "compile/code.h"
#include "compile/program.h"

namespace spyre::backend {

class CodeStore {
 public:
  explicit CodeStore(compile::CodegenOptions options) : options_(std::move(options)) {}

  // Compiles what the program needs and is not there yet. Only kCancelled is an error: a routine
  // without code is run over pieces, and the log says why.
  Status add(const compile::Program& program);

  // Null: there is no code for it.
  compile::RoutineFunction find(const compile::Routine& routine) const;
  const CodeReport& report() const { return report_; }

 private:
  struct Entry {
    compile::Routine routine;
    std::vector<compile::LoadedCode> code;  // one, or none
  };

  void keep(const compile::Routine& routine, compile::CompiledRoutine result);

  const compile::CodegenOptions options_;
  std::vector<Entry> entries_;
  CodeReport report_;
  bool available_ = true;
};

}  // namespace spyre::backend
