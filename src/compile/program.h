// A module as calls of pieces: what a backend runs. Addresses are symbolic (Slot), so that layers
// of equal structure share code and a program can be kept on disk; everything that code depends on
// stands in Routine, and nothing else does.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compile/regions.h"
#include "kernels/piece.h"

namespace spyre::compile {

// How keys and values lie in memory (kernels::PieceKind::kWriteKv, kAttend).
struct KvLayout {
  Format format = Format::kF32;
  int64_t layers = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t block_stride = 0;  // bytes
};

enum class Base : uint8_t {
  kArena,     // value: bytes into the arena, shared by the threads
  kPrivate,   // value: bytes into the thread's own scratch
  kPrepared,  // prepared rows: the thread's own or the shared ones, as the region is run
  kInput,     // value: a step input, by its place in kStepInputs
  kMatrix,    // value: a weight's packed matrices, by its place in Program::weights
  kVector,    // a weight's values
  kOrder,     // a weight's input order
  kCosines,   // value: which of Program::ropes
  kSines,
  kKeys,  // value: layer
  kValues,
  kItems,     // the step's list of kernels::AttentionItem
  kRelative,  // bias of scores by distance, [heads] (Program::relative)
};

// The step inputs that programs know.
inline constexpr std::array<std::string_view, 8> kStepInputs = {
    "tokens",      "positions",   "sequences", "block_table",
    "output_rows", "token_types", "lengths",   "position_ids"};

struct Slot {
  Base base{};
  int64_t value = 0;
  bool operator==(const Slot&) const = default;
};

// What is compiled as one function: pieces one after the other over a share.
struct Routine {
  std::vector<kernels::PieceCall> calls;
  bool one_by_one = false;  // all pieces of one row (item), then those of the next
  int64_t rows = 0;         // of the step when there can be only so many, else 0
  bool operator==(const Routine&) const = default;
};

// Operands of a task at most: its addresses lie on the caller's stack.
inline constexpr size_t kMaxSlots = 64;

struct Task {
  size_t routine = 0;       // of Program::routines
  std::vector<Slot> slots;  // what the pieces' slots mean here
  int64_t units = 0;        // panels; rows and items: of a row
};

struct Phase {
  Work work{};              // kExperts is lowered to rows and panels
  int64_t row_input = 0;    // of kStepInputs: how many rows there are
  int64_t rows_factor = 1;  // prologue rows (pairs) of a row
  std::optional<Task> prologue;
  std::vector<Task> tasks;
  int64_t chunk_bytes = 0;  // of panels: PhaseTuning::chunk_bytes
};

// Its routines, the prologue's first.
std::vector<size_t> routines_of(const Phase& phase);

struct RopeUse {
  int64_t positions = 0;  // of kStepInputs
  std::vector<float> frequencies;
  float factor = 1.0f;
  int64_t rows = 0;  // capacity
};

// How attention may be cut into items.
struct AttentionTiles {
  int64_t kv_heads = 0;
  int64_t group = 0;  // query heads of a KV head; 0: no attention
  int64_t rows = 0;   // of an item at most
};

struct Program {
  std::vector<Routine> routines;  // each once
  std::vector<Phase> phases;
  std::vector<std::string> weights;  // names
  std::vector<RopeUse> ropes;
  std::array<int64_t, kStepInputs.size()> capacity{};  // elements of each step input; 0: unused
  int64_t max_blocks = 0;                              // of a sequence, in the block table
  std::optional<size_t> relative;  // of weights: buckets of attention's bias by distance
  AttentionTiles tiles;
  int64_t arena_bytes = 0;
  int64_t prepared_bytes = 0;     // for all rows of the largest region
  int64_t private_bytes = 0;      // scratch of a thread, its own prepared rows behind it
  int64_t private_row_bytes = 0;  // of one prepared row
  int64_t output_offset = 0;      // bytes into the arena
  int64_t output_columns = 0;
  int64_t output_row_input = 0;
};

// Rows that a thread prepares for itself rather than share the work and meet the others.
inline constexpr int64_t kRecomputeRows = 4;

// kInvalidArgument: an input, layer or shape that no backend has; several outputs. kUnsupported: a
// region of more than kMaxSlots operands.
Result<Program> lower(const Module& module, const KvLayout& kv);

// One line a piece, tasks under their phase: what --dump plan prints.
std::string print(const Program& program);

}  // namespace spyre::compile
