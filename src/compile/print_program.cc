// The plan of a program as text: phases, their tasks, and where each piece reads and writes.
#include "compile/program.h"

namespace spyre::compile {

namespace {

constexpr std::array<std::string_view, 13> kBaseNames = {
    "arena", "own", "prepared", "input",  "matrix", "vector",  "order",
    "cos",   "sin", "keys",     "values", "items",  "relative"};

std::string place(const Program& program, const Slot& slot) {
  const auto index = static_cast<size_t>(slot.value);
  switch (slot.base) {
    case Base::kInput:
      return std::string(kStepInputs[index]);
    case Base::kMatrix:
    case Base::kVector:
    case Base::kOrder:
      return fmt::format("{}({})", kBaseNames[static_cast<size_t>(slot.base)],
                         program.weights[index]);
    default:
      return fmt::format("{}+{}", kBaseNames[static_cast<size_t>(slot.base)], slot.value);
  }
}

std::string task_text(const Program& program, const Task& task, std::string_view what) {
  const Routine& routine = program.routines[task.routine];
  std::string text = fmt::format("  {} routine {}: {} units{}\n", what, task.routine, task.units,
                                 routine.one_by_one ? ", one by one" : "");
  for (const kernels::PieceCall& call : routine.calls) {
    text += fmt::format("    {}", kernels::symbol(call.kind, call.format));
    const auto add = [&](std::string_view field, int64_t slot) {
      if (slot == kernels::kNoSlot) return;
      text += fmt::format(" {}={}", field, place(program, task.slots[static_cast<size_t>(slot)]));
    };
    add("x", call.piece.x.slot);
    add("y", call.piece.y.slot);
    add("weight", call.piece.weight);
    add("bias", call.piece.bias);
    add("lengths", call.piece.lengths);
    add("relative", call.piece.relative);
    add("ids", call.piece.ids);
    add("table", call.piece.table);
    add("items", call.piece.items);
    add("out", call.piece.out.slot);
    text += fmt::format(" columns={}", call.piece.columns);
    if (call.piece.depth != 0) text += fmt::format(" depth={}", call.piece.depth);
    text += "\n";
  }
  return text;
}

}  // namespace

std::string print(const Program& program) {
  std::string text = fmt::format(
      "arena {} bytes, prepared rows {}, a thread's scratch {}\n", program.arena_bytes,
      program.prepared_bytes, program.private_bytes + kRecomputeRows * program.private_row_bytes);
  for (size_t i = 0; i < program.phases.size(); ++i) {
    const Phase& phase = program.phases[i];
    text += fmt::format("phase {}: {} of {}\n", i, name(phase.work),
                        kStepInputs[static_cast<size_t>(phase.row_input)]);
    if (phase.prologue) text += task_text(program, *phase.prologue, "prologue");
    for (const Task& task : phase.tasks) text += task_text(program, task, "task");
  }
  return text;
}

}  // namespace spyre::compile
