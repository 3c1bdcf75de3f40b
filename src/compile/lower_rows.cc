// Regions of rows and of panels.
#include "compile/lowering.h"
#include "compile/passes/region_edits.h"

namespace spyre::compile {

namespace {

PieceKind prepare_kind(InputType type) {
  switch (type) {
    case InputType::kF16:
      return PieceKind::kPrepareF16;
    case InputType::kBF16:
      return PieceKind::kPrepareBF16;
    case InputType::kInt8:
      return PieceKind::kPrepareInt8;
    default:
      return PieceKind::kPrepareF32;
  }
}

}  // namespace

PieceKind elementwise_kind(Op op) {
  switch (op) {
    case Op::kGelu:
      return PieceKind::kGelu;
    case Op::kGeluTanh:
      return PieceKind::kGeluTanh;
    case Op::kRelu:
      return PieceKind::kRelu;
    case Op::kTanh:
      return PieceKind::kTanh;
    case Op::kScale:
      return PieceKind::kScale;
    case Op::kAdd:
      return PieceKind::kAdd;
    case Op::kMul:
      return PieceKind::kMul;
    default:
      return PieceKind::kSilu;
  }
}

void Lowering::elementwise(TaskBuilder& task, NodeId id, Operand x, Operand y, Operand out,
                           bool by_panels) {
  const Node& each = node(id);
  kernels::Piece& piece = task.add(elementwise_kind(each.op));
  piece.x = x;
  piece.y = y;
  piece.out = out;
  piece.columns = columns_of(each);
  piece.by_panels = by_panels ? 1 : 0;
  if (each.op == Op::kScale) piece.a = static_cast<float>(each.real(Attribute::kFactor));
}

void Lowering::row_piece(TaskBuilder& task, NodeId id, Operand x, Operand out) {
  const Node& each = node(id);
  const int64_t columns = columns_of(each);
  switch (each.op) {
    case Op::kEmbed: {
      const WeightFormat& format = format_of(each.inputs[0]);
      kernels::Piece& piece = task.add(PieceKind::kEmbed, format.format);
      piece.weight = weight_slot(task, Base::kMatrix, each.inputs[0]);
      piece.ids = ids_slot(task, each.inputs[1]);
      piece.out = out;
      piece.columns = columns;
      piece.depth = node(each.inputs[0]).type.dims[0];
      piece.run = format.group_columns;
      return;
    }
    case Op::kGatherRows: {
      kernels::Piece& piece = task.add(PieceKind::kGatherRows);
      piece.x = x;
      piece.ids = ids_slot(task, each.inputs[1]);
      piece.out = out;
      piece.columns = columns;
      return;
    }
    case Op::kMeanPool:
    case Op::kMaxPool: {
      const bool mean = each.op == Op::kMeanPool;
      kernels::Piece& piece = task.add(mean ? PieceKind::kMeanPool : PieceKind::kMaxPool);
      piece.x = x;
      piece.ids = ids_slot(task, each.inputs[1]);
      piece.lengths = ids_slot(task, each.inputs[2]);
      piece.out = out;
      piece.columns = columns;
      return;
    }
    case Op::kAddOffset: {
      kernels::Piece& piece = task.add(PieceKind::kAddOffset);
      piece.x = x;
      piece.out = out;
      piece.count = each.integer(Attribute::kOffset);
      return;
    }
    case Op::kRmsNorm:
    case Op::kLayerNorm: {
      const bool rms = each.op == Op::kRmsNorm;
      kernels::Piece& piece = task.add(rms ? PieceKind::kRmsNorm : PieceKind::kLayerNorm);
      piece.x = x;
      piece.out = out;
      piece.weight = weight_slot(task, Base::kVector, each.inputs[1]);
      if (each.inputs.size() > 2) piece.bias = weight_slot(task, Base::kVector, each.inputs[2]);
      piece.columns = columns;
      piece.run = node(each.inputs[1]).type.dims[0];
      piece.a = static_cast<float>(each.real(Attribute::kEps));
      if (rms) piece.b = static_cast<float>(each.real(Attribute::kOffset));
      return;
    }
    case Op::kRope: {
      kernels::Piece& piece = task.add(PieceKind::kRope);
      const int64_t rope = rope_index(each);
      piece.x = x;
      piece.out = out;
      piece.table = task.slot(Base::kCosines, rope);
      piece.extra = task.slot(Base::kSines, rope);
      piece.columns = columns;
      piece.run = each.integer(Attribute::kHeadDim);
      piece.count = columns_of(node(each.inputs[2]));
      return;
    }
    case Op::kSlice: {  // a view that had to be a copy: one run of the whole row
      kernels::Piece& piece = task.add(PieceKind::kSliceHeads);
      piece.x = x;
      piece.x.offset += each.integer(Attribute::kBegin);
      piece.out = out;
      piece.columns = columns;
      piece.run = columns_of(node(each.inputs[0]));
      piece.count = columns;
      return;
    }
    case Op::kSliceHeads: {
      kernels::Piece& piece = task.add(PieceKind::kSliceHeads);
      piece.x = x;
      piece.x.offset += each.integer(Attribute::kBegin);
      piece.out = out;
      piece.columns = columns;
      piece.run = each.integer(Attribute::kHeadDim);
      piece.count = each.integer(Attribute::kLength);
      return;
    }
    default: {
      const Operand y = each.inputs.size() > 1 ? read(task, each.inputs[1]) : Operand{};
      elementwise(task, id, x, y, out, false);
    }
  }
}

void Lowering::rows_region(const Region& region) {
  TaskBuilder task;
  const NodeId first = region.tracks[0][0];
  for (const NodeId id : region.tracks[0]) {
    const Node& each = node(id);
    const bool reads_rows = each.op != Op::kEmbed;
    const Operand x = reads_rows ? read(task, each.inputs[0]) : Operand{};
    const bool in_place = is_unary(each.op) && !is_view(module_, each.inputs[0]);
    const Operand out = in_place ? write_over(task, id, each.inputs[0]) : write(task, id);
    row_piece(task, id, x, out);
  }
  Phase each = begin_phase(Work::kRows, first);
  each.tasks.push_back(finish(std::move(task), 1, first));
  program_.phases.push_back(std::move(each));
}

void Lowering::prepare(TaskBuilder& task, PrivateLayout& scratch, const WeightFormat& format,
                       NodeId weight, Operand x, int64_t depth) {
  kernels::Piece& piece = task.add(prepare_kind(format.input));
  piece.x = x;
  piece.out = {.slot = task.slot(Base::kPrepared),
               .offset = 0,
               .stride = static_cast<int64_t>(kernels::prepared_row_bytes(format.input, depth))};
  piece.columns = depth;
  if (!format.ordered) return;
  piece.ids = weight_slot(task, Base::kOrder, weight);
  piece.extra = task.slot(Base::kPrivate, scratch.take(depth));
}

Task Lowering::prologue(const Region& region, const WeightFormat& format, NodeId x, NodeId weight,
                        int64_t depth) {
  TaskBuilder task;
  PrivateLayout scratch;
  int64_t widest = 0;
  for (const NodeId id : region.prologue) widest = std::max(widest, columns_of(node(id)));
  const int64_t row = scratch.take(widest);
  for (const NodeId id : region.prologue) {
    const Operand from = read(task, node(id).inputs[0]);
    own_row_[id] = row;
    row_piece(task, id, from, read(task, id));
  }
  prepare(task, scratch, format, weight, read(task, x), depth);
  own_row_.clear();
  need_private(scratch);
  need_prepared(format.input, depth, row_capacity(x));
  task.routine.one_by_one = !region.prologue.empty() || format.ordered;
  return finish(std::move(task), 1, x);
}

// f32 rows that a matmul reads where they lie, without a copy of them first.
bool Lowering::reads_directly(const Region& region, NodeId matmul) const {
  const WeightFormat& format = format_of(node(matmul).inputs[1]);
  return region.prologue.empty() && format.input == InputType::kF32 && !format.ordered;
}

Operand Lowering::in_bytes(Operand floats) {
  floats.offset *= kFloat;
  floats.stride *= kFloat;
  return floats;
}

void Lowering::matmul(TaskBuilder& task, NodeId id, bool direct) {
  const Node& each = node(id);
  const WeightFormat& format = format_of(each.inputs[1]);
  const int64_t depth = columns_of(node(each.inputs[1]));
  const Operand out = write(task, id);
  const PieceKind kind = format.input == InputType::kInt8   ? PieceKind::kMatmulInt8
                         : format.input == InputType::kBF16 ? PieceKind::kMatmulBF16
                                                            : PieceKind::kMatmulF32;
  kernels::Piece& piece = task.add(kind, format.format);
  piece.x = direct ? in_bytes(read(task, each.inputs[0]))
                   : Operand{.slot = task.slot(Base::kPrepared),
                             .offset = 0,
                             .stride = static_cast<int64_t>(
                                 kernels::prepared_row_bytes(format.input, depth))};
  piece.weight = weight_slot(task, Base::kMatrix, each.inputs[1]);
  if (each.inputs.size() > 2) piece.bias = weight_slot(task, Base::kVector, each.inputs[2]);
  piece.out = out;
  piece.columns = columns_of(each);
  piece.depth = depth;
  piece.run = format.group_columns;
  tune(piece);
}

void Lowering::panels_region(const Region& region) {
  const Node& first = node(region.tracks[0][0]);
  Phase each = begin_phase(Work::kPanels, first.inputs[0]);
  const bool direct = reads_directly(region, region.tracks[0][0]);
  if (!direct) {
    each.prologue = prologue(region, format_of(first.inputs[1]), first.inputs[0], first.inputs[1],
                             columns_of(node(first.inputs[1])));
  }
  for (const auto& track : region.tracks) {
    TaskBuilder task;
    for (const NodeId id : track) {
      if (node(id).op == Op::kMatmul) {
        matmul(task, id, direct);
        continue;
      }
      const auto& inputs = node(id).inputs;
      const Operand x = read(task, inputs[0]);
      const Operand y = inputs.size() > 1 ? read(task, inputs[1]) : Operand{};
      // The one of its inputs that this track computed.
      const auto here = std::ranges::find_if(
          inputs, [&](NodeId input) { return std::ranges::find(track, input) != track.end(); });
      elementwise(task, id, x, y, write_over(task, id, *here), true);
    }
    each.tasks.push_back(
        finish(std::move(task), panels_of(columns_of(node(track[0]))), first.inputs[0]));
  }
  program_.phases.push_back(std::move(each));
}

}  // namespace spyre::compile
