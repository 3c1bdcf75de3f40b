// Mixtures of experts: a region of the passes, three phases of the program.
#include "compile/lowering.h"

namespace spyre::compile {

void Lowering::experts_region(const Region& region) {
  const NodeId id = region.tracks[0][0];
  const Node& moe = node(id);
  const int64_t top_k = moe.integer(Attribute::kTopK);
  const WeightFormat& w_in = format_of(moe.inputs[2]);
  const WeightFormat& w_out = format_of(moe.inputs[3]);
  const auto& in_dims = node(moe.inputs[2]).type.dims;  // [experts, 2 * inner, hidden]
  const int64_t experts = in_dims[0];
  const int64_t inner = in_dims[1] / 2;
  const int64_t hidden = in_dims[2];
  const int64_t rows = row_capacity(id);

  const int64_t weights = new_value(rows * top_k);
  const int64_t chosen = new_value(rows * top_k);
  const auto pair_weights = [&](TaskBuilder& task) {
    return Operand{.slot = value_slot(task, weights), .offset = 0, .stride = top_k};
  };
  {
    TaskBuilder task;
    kernels::Piece& piece = task.add(PieceKind::kRoute);
    piece.x = read(task, moe.inputs[1]);
    piece.out = pair_weights(task);
    piece.ids = value_slot(task, chosen);
    piece.count = top_k;
    piece.depth = experts;
    Phase each = begin_phase(Work::kRows, id);
    each.tasks.push_back(finish(std::move(task), 1, id));
    program_.phases.push_back(std::move(each));
  }

  const auto add_experts = [&](TaskBuilder& task, NodeId weight, int64_t out_value, bool x_of_row) {
    const WeightFormat& format = format_of(weight);
    const auto& dims = node(weight).type.dims;
    const PieceKind kind = format.input == InputType::kInt8   ? PieceKind::kExpertsInt8
                           : format.input == InputType::kBF16 ? PieceKind::kExpertsBF16
                                                              : PieceKind::kExpertsF32;
    kernels::Piece& piece = task.add(kind, format.format);
    piece.x = {.slot = task.slot(Base::kPrepared),
               .offset = 0,
               .stride = static_cast<int64_t>(kernels::prepared_row_bytes(format.input, dims[2]))};
    piece.weight = weight_slot(task, Base::kMatrix, weight);
    piece.ids = value_slot(task, chosen);
    piece.out = {.slot = value_slot(task, out_value), .offset = 0, .stride = dims[1]};
    piece.columns = dims[1];
    piece.depth = dims[2];
    piece.run = format.group_columns;
    piece.count = top_k;
    piece.stride = static_cast<int64_t>(
        kernels::packed_bytes(format.format, dims[1], dims[2], format.group_columns));
    piece.by_panels = x_of_row ? 1 : 0;
    tune(piece);
  };

  const int64_t gate_up = new_value(rows * top_k * 2 * inner);
  {
    Phase each = begin_phase(Work::kPanels, id);
    each.prologue = prologue(region, w_in, moe.inputs[0], moe.inputs[2], hidden);
    TaskBuilder task;
    add_experts(task, moe.inputs[2], gate_up, true);
    each.tasks.push_back(finish(std::move(task), panels_of(2 * inner), id));
    program_.phases.push_back(std::move(each));
  }

  const int64_t expert_out = new_value(rows * top_k * hidden);
  Phase each = begin_phase(Work::kPanels, id);
  {
    TaskBuilder task;
    PrivateLayout scratch;
    const Operand row = {
        .slot = task.slot(Base::kPrivate, scratch.take(inner)), .offset = 0, .stride = 0};
    const Operand gate = {.slot = value_slot(task, gate_up), .offset = 0, .stride = 2 * inner};
    Operand up = gate;
    up.offset = inner;
    kernels::Piece& activation =
        task.add(elementwise_kind(static_cast<Op>(moe.integer(Attribute::kActivation))));
    activation.x = gate;
    activation.out = row;
    activation.columns = inner;
    kernels::Piece& product = task.add(PieceKind::kMul);
    product.x = row;
    product.y = up;
    product.out = row;
    product.columns = inner;
    prepare(task, scratch, w_out, moe.inputs[3], row, inner);
    task.routine.one_by_one = true;
    need_private(scratch);
    need_prepared(w_out.input, inner, rows * top_k);
    each.prologue = finish(std::move(task), 1, id);
    each.rows_factor = top_k;
  }
  TaskBuilder task;
  add_experts(task, moe.inputs[3], expert_out, false);
  const Operand out = write(task, id);
  kernels::Piece& combine = task.add(PieceKind::kCombine);
  combine.x = {.slot = value_slot(task, expert_out), .offset = 0, .stride = hidden};
  combine.y = pair_weights(task);
  combine.out = out;
  combine.columns = hidden;
  combine.count = top_k;
  each.tasks.push_back(finish(std::move(task), panels_of(hidden), id));
  program_.phases.push_back(std::move(each));
}

}  // namespace spyre::compile
