// Regions of attention: one phase whose prologue writes keys and values.
#include "compile/lowering.h"

namespace spyre::compile {

void Lowering::head_pieces(TaskBuilder& task, const std::vector<NodeId>& nodes, NodeId source,
                           Operand heads, int64_t items) {
  kernels::Piece& load = task.add(PieceKind::kLoadHeads);
  load.x = read(task, source);
  load.out = heads;
  load.run = kv_.head_dim;
  load.count = kv_.kv_heads;
  load.items = items;
  for (const NodeId id : nodes) {
    const Node& each = node(id);
    const bool rope = each.op == Op::kRope;
    kernels::Piece& piece = task.add(rope ? PieceKind::kHeadRope : PieceKind::kHeadNorm);
    piece.out = heads;
    piece.run = kv_.head_dim;
    piece.count = kv_.kv_heads;
    piece.items = items;
    if (rope) {
      const int64_t index = rope_index(each);
      piece.table = task.slot(Base::kCosines, index);
      piece.extra = task.slot(Base::kSines, index);
      piece.depth = columns_of(node(each.inputs[2]));
    } else {
      piece.weight = weight_slot(task, Base::kVector, each.inputs[1]);
      piece.a = static_cast<float>(each.real(Attribute::kEps));
      piece.b = static_cast<float>(each.real(Attribute::kOffset));
    }
  }
}

void Lowering::items_region(const Region& region) {
  const NodeId id = region.tracks[2][0];
  const Node& attention = node(id);
  const auto source = [&](size_t track) {
    const auto& nodes = region.tracks[track];
    return nodes.empty() ? attention.inputs[track] : node(nodes[0]).inputs[0];
  };
  const int64_t layer = attention.integer(Attribute::kLayer);
  const int64_t group_columns = columns_of(attention) / kv_.kv_heads;
  const AttentionTiles& tiles = program_.tiles;
  Phase each = begin_phase(Work::kItems, id);

  const auto cache = [&](TaskBuilder& task, kernels::Piece piece) {
    piece.weight = task.slot(Base::kKeys, layer);
    piece.bias = task.slot(Base::kValues, layer);
    piece.ids = ids_slot(task, attention.inputs[3]);
    piece.extra = ids_slot(task, attention.inputs[4]);
    piece.table = ids_slot(task, attention.inputs[5]);
    piece.run = kv_.head_dim;
    piece.count = kv_.kv_heads;
    piece.stride = kv_.block_stride;
    piece.depth = program_.max_blocks;
    return piece;
  };

  PrivateLayout scratch;
  const int64_t queries = scratch.take(tiles.rows * group_columns);
  const int64_t key = scratch.take(kv_.head_dim);
  const int64_t converted = scratch.take(kv_.head_dim);
  const int64_t kernel = scratch.take(static_cast<int64_t>(
      kernels::attention_scratch_floats(tiles.rows * tiles.group, kv_.head_dim)));
  need_private(scratch);

  TaskBuilder writing;
  const Operand k = {.slot = writing.slot(Base::kPrivate, key), .offset = 0, .stride = 0};
  head_pieces(writing, region.tracks[1], source(1), k, kernels::kNoSlot);
  const Operand v = read(writing, attention.inputs[2]);
  kernels::Piece& write_kv = writing.add(PieceKind::kWriteKv, kv_.format);
  write_kv = cache(writing, {});
  write_kv.x = k;
  write_kv.y = v;
  write_kv.out = {.slot = writing.slot(Base::kPrivate, converted), .offset = 0, .stride = 0};
  writing.routine.one_by_one = true;
  each.prologue = finish(std::move(writing), kv_.kv_heads, id);

  TaskBuilder attending;
  const Operand q = {.slot = attending.slot(Base::kPrivate, queries), .offset = 0, .stride = 0};
  const int64_t items = attending.slot(Base::kItems);
  head_pieces(attending, region.tracks[0], source(0), q, items);
  const Operand out = write(attending, id);
  kernels::Piece& attend = attending.add(PieceKind::kAttend, kv_.format);
  attend = cache(attending, {});
  attend.x = q;
  attend.y = {.slot = attending.slot(Base::kPrivate, kernel), .offset = 0, .stride = 0};
  attend.out = out;
  attend.items = items;
  attend.columns = group_columns;
  if (attention.inputs.size() > 6) attend.lengths = ids_slot(attending, attention.inputs[6]);
  if (attention.inputs.size() > 7) {
    attend.relative = relative_slot(attending, attention.inputs[7]);
    attend.relative_stride = 2 * program_.max_blocks * kernels::kKvBlockTokens;
  }
  attend.window = attention.integer(Attribute::kWindow);
  attend.a = static_cast<float>(attention.real(Attribute::kScale));
  attend.b = static_cast<float>(attention.real(Attribute::kSoftcap));
  attending.routine.one_by_one = true;
  each.tasks.push_back(finish(std::move(attending), kv_.kv_heads, id));
  program_.phases.push_back(std::move(each));
}

}  // namespace spyre::compile
