// The state of one lowering (lower.cc), for the files that lower a kind of region each.
#pragma once

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "compile/memory_plan.h"
#include "compile/program.h"
#include "compile/tuning.h"

namespace spyre::compile {

using graph::Attribute;
using graph::Node;
using graph::NodeId;
using graph::Op;
using kernels::InputType;
using kernels::Operand;
using kernels::PieceCall;
using kernels::PieceKind;

inline constexpr int64_t kFloat = sizeof(float);

inline int64_t up_to(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}
inline int64_t panels_of(int64_t columns) {
  return up_to(columns, kernels::kPanelRows) / kernels::kPanelRows;
}

kernels::PieceKind elementwise_kind(Op op);

// A matmul's parameters to begin with.
inline void tune(kernels::Piece& piece) {
  piece.prefetch_bytes = PhaseTuning{}.prefetch_bytes;
  piece.pass_bytes = PhaseTuning{}.pass_bytes;
}

// Pieces of one task, and the slots that they name.
struct TaskBuilder {
  Routine routine = {};
  std::vector<Slot> slots = {};

  int64_t slot(Base base, int64_t value = 0) {
    const Slot wanted = {base, value};
    const auto found = std::ranges::find(slots, wanted);
    if (found != slots.end()) return found - slots.begin();
    slots.push_back(wanted);
    return static_cast<int64_t>(slots.size()) - 1;
  }
  kernels::Piece& add(PieceKind kind, Format format = Format::kF32) {
    return routine.calls.emplace_back(PieceCall{.kind = kind, .format = format, .piece = {}}).piece;
  }
};

// The layout of a thread's scratch, grown as tasks ask for it.
struct PrivateLayout {
  int64_t bytes = 0;
  int64_t take(int64_t floats) {
    const int64_t at = bytes;
    bytes += up_to(floats * kFloat, 64);
    return at;
  }
};

class Lowering {
 public:
  Lowering(const Module& module, const KvLayout& kv)
      : module_(module),
        kv_(kv),
        row_inputs_(row_inputs_of(module.graph)),
        value_of_(module.graph.nodes().size(), -1) {}

  Result<Program> run();

 private:
  const Node& node(NodeId id) const { return module_.graph.node(id); }
  int64_t phase() const { return static_cast<int64_t>(program_.phases.size()); }

  Status check_inputs();
  Status check_attention(const Node& attention);
  int64_t input_index(NodeId id) const;
  int64_t rows_of(NodeId id) const { return input_index(row_inputs_[static_cast<size_t>(id)]); }
  int64_t row_capacity(NodeId id) const {
    return node(row_inputs_[static_cast<size_t>(id)]).type.dims[0];
  }
  const WeightFormat& format_of(NodeId weight) const {
    return module_.weights.find(node(weight).name)->second;
  }

  // A place for elements that the current phase writes; its number.
  int64_t new_value(int64_t elements);
  void touch(int64_t value) { lifetimes_[static_cast<size_t>(value)].last = phase(); }
  int64_t value_slot(TaskBuilder& task, int64_t value) {
    touch(value);
    return task.slot(Base::kArena, value);
  }
  // A node's value as the input of a piece: the thread's own row when the prologue holds it.
  Operand read(TaskBuilder& task, NodeId id);
  Operand write(TaskBuilder& task, NodeId id);
  // The result takes its predecessor's place: elementwise, and nobody else wants it.
  Operand write_over(TaskBuilder& task, NodeId id, NodeId predecessor);
  int64_t weight_slot(TaskBuilder& task, Base base, NodeId weight);
  int64_t relative_slot(TaskBuilder& task, NodeId buckets);
  int64_t ids_slot(TaskBuilder& task, NodeId id);
  int64_t rope_index(const Node& rope);

  void region(const Region& region);
  void rows_region(const Region& region);
  void panels_region(const Region& region);
  void items_region(const Region& region);
  void experts_region(const Region& region);

  void row_piece(TaskBuilder& task, NodeId id, Operand x, Operand out);
  void elementwise(TaskBuilder& task, NodeId id, Operand x, Operand y, Operand out, bool by_panels);
  bool reads_directly(const Region& region, NodeId matmul) const;
  static Operand in_bytes(Operand floats);
  void matmul(TaskBuilder& task, NodeId id, bool direct);
  Task prologue(const Region& region, const WeightFormat& format, NodeId x, NodeId weight,
                int64_t depth);
  void prepare(TaskBuilder& task, PrivateLayout& scratch, const WeightFormat& format, NodeId weight,
               Operand x, int64_t depth);
  void head_pieces(TaskBuilder& task, const std::vector<NodeId>& nodes, NodeId source,
                   Operand heads, int64_t items);

  Phase begin_phase(Work work, NodeId rows_like) const {
    return {.work = work,
            .row_input = rows_of(rows_like),
            .prologue = {},
            .tasks = {},
            .chunk_bytes = work == Work::kPanels ? PhaseTuning{}.chunk_bytes : 0};
  }
  Task finish(TaskBuilder task, int64_t units, NodeId rows_like);
  void need_private(const PrivateLayout& scratch) {
    program_.private_bytes = std::max(program_.private_bytes, scratch.bytes);
  }
  void need_prepared(InputType type, int64_t columns, int64_t rows);
  void place_values();

  const Module& module_;
  const KvLayout& kv_;
  const std::vector<NodeId> row_inputs_;
  Program program_;
  std::vector<int64_t> value_of_;  // per node
  size_t most_slots_ = 0;          // of a task
  std::vector<Lifetime> lifetimes_;
  std::map<NodeId, int64_t> own_row_;  // nodes of the running prologue: bytes into scratch
};

}  // namespace spyre::compile
