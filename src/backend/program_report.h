// What is known of a prepared program: where its code comes from, and its regions with what they
// are made of and take. For --report and for metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compile/tuning.h"

namespace spyre::backend {

// Where a program's machine code comes from.
enum class CodeSource : uint8_t {
  kAheadOfTime,  // there is none: pieces run
  kCompiled,
  kCache,
};
std::string_view name(CodeSource source);  // "ahead of time", "compiled", "cache"

struct CodeOrigin {
  CodeSource source = CodeSource::kAheadOfTime;
  std::string reason;  // why it was not in the cache
  double seconds = 0;  // to find or to make it
};

// A region, with all others that run the same routines.
struct RegionReport {
  int64_t times = 0;  // in a step
  std::string_view work;
  std::string pieces;   // "rms_norm prepare_int8 | matmul_int8 + matmul_int8": prologue | tasks
  std::string formats;  // of weights, keys and values
  int64_t units = 0;    // panels; rows and items: of a row
  std::optional<compile::PhaseTuning> tuning;  // where there are matmuls
  size_t code_bytes = 0;                       // 0: ahead of time
  std::optional<double> seconds;               // of all `times` together, when it was timed
};

struct ProgramReport {
  CodeOrigin origin;
  size_t arena_bytes = 0;
  std::vector<RegionReport> regions;
};

}  // namespace spyre::backend
