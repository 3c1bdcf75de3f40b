// The parameters of a program that change its speed and never its bits. Lowering starts from the
// defaults; what a backend measures to be faster replaces them (backend/native/autotune.h) and is
// kept in the graph cache beside the code.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernels/kernels.h"

namespace spyre::compile {

struct Program;

// Of the matmuls of a phase.
struct PhaseTuning {
  // How far ahead of their use weights are asked for. The default is two pages: a hardware
  // prefetcher stops at the end of each (measured, one row: weights in the last level cache are
  // read 1.8 times as fast as without).
  int64_t prefetch_bytes = 8192;
  // Input that one pass over the panels works on.
  int64_t pass_bytes = kernels::kInputPassBytes;
  // Outputs of a chunk of panels, after which the pieces that follow the matmul run: what they find
  // in the L2 cache. At least kFewestChunkPanels panels.
  int64_t chunk_bytes = int64_t{256} * 1024;

  auto operator<=>(const PhaseTuning&) const = default;
};
inline constexpr int64_t kFewestChunkPanels = 4;

// Phases that run the same routines are of one kind (layers repeat), and tuned alike. Numbers from
// 0 in the order of their first phase; -1: a phase without matmuls.
std::vector<int64_t> phase_kinds(const Program& program);

// Per kind of phase.
using Tuning = std::vector<PhaseTuning>;
Tuning tuning_of(const Program& program);

// Makes a program's phases so; routines that differ afterwards become two. Caller: tuning is of
// this program, that is as long as tuning_of() is.
void apply(Program& program, const Tuning& tuning);

// A line of JSON.
std::string to_text(const Tuning& tuning);
// kDataLoss: not what to_text() writes, or values that nothing would choose.
Result<Tuning> parse_tuning(std::string_view line);

}  // namespace spyre::compile
