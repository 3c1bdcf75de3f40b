// Machine code of the routines of all programs of a backend, each made once. Programs that share
// routines (those of several rows all do) share their code; a program of the graph cache brings all
// of its own, and how it was tuned.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/code_options.h"
#include "backend/program_report.h"
#include "compile/code.h"
#include "compile/program.h"
#include "compile/tuning.h"

namespace spyre::backend {

class CodeStore {
 public:
  explicit CodeStore(CodeOptions options) : options_(std::move(options)) {}

  // Finds the program's tuning and the code of its routines in the cache; else has it tuned,
  // compiles the routines that no earlier program had, and stores all. Either way the program is as
  // tuned afterwards. A routine without code is run over pieces, and the log says why. Errors:
  // kCancelled; kInvalidArgument when it may not be compiled.
  using Tuner = std::function<compile::Tuning(const compile::Program& program, double seconds)>;
  Result<CodeOrigin> add(compile::Program& program, cache::KeyFields key, const Tuner& tuner);

  // Null: there is no code for it.
  compile::RoutineFunction find(const compile::Routine& routine) const;
  size_t code_bytes(const compile::Routine& routine) const;  // 0 likewise
  // What the compiler said of it, with LLVM's text when that is kept; null when it was not asked.
  const compile::CompiledRoutine* answer(const compile::Routine& routine) const;
  const CodeReport& report() const { return report_; }

 private:
  struct Entry {
    compile::Routine routine;
    compile::CompiledRoutine answer;  // its code is in the next
    std::optional<compile::LoadedCode> code;
  };

  const Entry* entry_of(const compile::Routine& routine) const;
  bool load(compile::Program& program, const cache::KeyFields& key, std::string& reason);
  Status compile_missing(const compile::Program& program);
  void store(const compile::Program& program, const cache::KeyFields& key, double seconds);
  void keep(const compile::Routine& routine, compile::CompiledRoutine result);

  const CodeOptions options_;
  std::vector<Entry> entries_;
  CodeReport report_;
  bool available_ = true;  // the compiler
};

}  // namespace spyre::backend
