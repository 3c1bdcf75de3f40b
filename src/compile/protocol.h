// What a process and its compiler say to each other: one request, then an answer per routine, in
// the order in which they are done.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "compile/code.h"

namespace spyre::compile {

struct CompileRequest {
  kernels::Isa isa = kernels::Isa::kScalar;
  int threads = 1;
  bool keep_text = false;
  std::vector<Routine> routines;
};

std::string to_text(const CompileRequest& request);
// kDataLoss: not what to_text() writes.
Result<CompileRequest> parse_request(std::string_view text);

struct CompileAnswer {
  int64_t routine = 0;
  CompiledRoutine result;
};

std::string to_text(const CompileAnswer& answer);
// The first answer of the bytes, which then lose it; nothing while it is not complete. kDataLoss:
// no answer of ours.
Result<std::optional<CompileAnswer>> take_answer(std::string& bytes);

}  // namespace spyre::compile
