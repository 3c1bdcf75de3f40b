// A routine as machine code for this CPU: its pieces, taken from the bitcode of their tier, with
// their constants bound, inlined and optimised (docs/compiler.md).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "compile/program.h"

namespace spyre::compile {

struct SpecialiseOptions {
  std::string_view bitcode;  // of the tier
  bool keep_text = false;    // LLVM's text and assembly as well
};

struct SpecialisedCode {
  std::string object;    // ELF, relocatable
  std::string llvm;      // text after optimisation, when kept
  std::string assembly;  // likewise
};

inline constexpr std::string_view kEntry = "spyre_routine";

// kUnsupported: a piece that the bitcode lacks, a call that is left. kInternal: what LLVM says.
// Any number of threads may call it at once.
Result<SpecialisedCode> specialise(const Routine& routine, const SpecialiseOptions& options);

}  // namespace spyre::compile
