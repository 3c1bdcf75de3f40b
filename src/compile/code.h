// Machine code of routines, made by the compiler's own process (src/compile/llvm): what LLVM takes
// of memory ends with that process, a fault in it costs speed and nothing else, and a machine
// without LLVM runs the same program over the ahead-of-time pieces.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "compile/program.h"

namespace spyre::compile {

// Code that runs wherever it is mapped.
struct MachineCode {
  std::string bytes;
  int64_t entry = 0;  // offset of the routine in the bytes
};

struct CompiledRoutine {
  std::optional<MachineCode> code;  // nothing: see why
  std::string why;
  double seconds = 0;
  std::string llvm;      // text after optimisation, when asked for
  std::string assembly;  // likewise
};

struct CodegenOptions {
  kernels::Isa isa = kernels::Isa::kScalar;
  std::filesystem::path compiler = {};  // the program; empty: spyre-compiler beside this one
  int threads = 1;
  bool keep_text = false;
  // Told the routines done and in total; false stops with kCancelled.
  std::function<bool(int64_t done, int64_t total)> progress = {};
};

// One result a routine, in their order. kUnavailable: the compiler cannot be started, or ended
// before it was done; kCancelled.
Result<std::vector<CompiledRoutine>> compile_routines(std::span<const Routine> routines,
                                                      const CodegenOptions& options);

// Hash of everything that goes into machine code beside a routine: the pieces' bitcode of every
// tier and LLVM's version. Empty in a build without a compiler.
std::string_view code_version();

// May be compiled at all: look-ups of embeddings are not worth it.
bool is_compilable(const Routine& routine);

// How routines are called: as pieces are, without their constants.
using RoutineFunction = void (*)(void* const* at, int64_t rows, int64_t begin, int64_t end);

// Calls code that was made at run time: it has none of the marks that sanitizers look for in front
// of a function.
#if defined(__clang__)
[[clang::no_sanitize("function")]]
#endif
inline void call_routine(RoutineFunction function, void* const* at, int64_t rows, int64_t begin,
                         int64_t end) {
  function(at, rows, begin, end);
}

// Code mapped for running; never writable and executable at once.
class LoadedCode {
 public:
  // kResourceExhausted: no memory, or the system refuses executable memory.
  static Result<LoadedCode> load(const MachineCode& code);
  LoadedCode(LoadedCode&& other) noexcept;
  LoadedCode& operator=(LoadedCode&&) = delete;
  ~LoadedCode();

  RoutineFunction function() const { return function_; }
  const void* begin() const { return memory_; }
  size_t bytes() const { return bytes_; }
  MachineCode copy() const;  // what load() was given

 private:
  LoadedCode() = default;

  void* memory_ = nullptr;
  size_t bytes_ = 0;
  int64_t entry_ = 0;
  RoutineFunction function_ = nullptr;
};

}  // namespace spyre::compile
