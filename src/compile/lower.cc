// Lowering: every node of a region becomes a piece, every value a slot. Values that only their own
// thread sees (rows of a prologue, heads of an item) lie in its scratch; the others get a place in
// the arena by the phases between which they live.
#include "compile/lowering.h"
#include "compile/passes/region_edits.h"

namespace spyre::compile {

int64_t Lowering::input_index(NodeId id) const {
  return std::ranges::find(kStepInputs, node(id).name) - kStepInputs.begin();
}

Status Lowering::check_inputs() {
  if (module_.graph.outputs().size() != 1) {
    return error(Code::kInvalidArgument, "programs have one output, not {}",
                 module_.graph.outputs().size());
  }
  const auto check_input = [&](const Node& user, size_t index, std::string_view name) -> Status {
    const Node& input = node(user.inputs[index]);
    if (input.op == Op::kInput && input.name == name) return {};
    return error(Code::kInvalidArgument,
                 "node %{}: wanted the input '{}' of the step as operand {}",
                 &user - module_.graph.nodes().data(), name, index);
  };
  std::optional<NodeId> buckets;
  for (const Node& each : module_.graph.nodes()) {
    if (each.op == Op::kRope) SPYRE_TRY(check_input(each, 1, "positions"));
    if (each.op == Op::kAttention) {
      SPYRE_TRY(check_attention(each));
      SPYRE_TRY(check_input(each, 3, "positions"));
      SPYRE_TRY(check_input(each, 4, "sequences"));
      SPYRE_TRY(check_input(each, 5, "block_table"));
      if (each.inputs.size() > 6) SPYRE_TRY(check_input(each, 6, "lengths"));
      if (each.inputs.size() > 7) {
        if (buckets && node(*buckets).name != node(each.inputs[7]).name) {
          return error(Code::kUnsupported, "attention: biases '{}' and '{}', wanted one for all",
                       node(*buckets).name, node(each.inputs[7]).name);
        }
        buckets = each.inputs[7];
      }
    }
    if (each.op != Op::kInput) continue;
    const auto found = std::ranges::find(kStepInputs, each.name);
    if (found == kStepInputs.end()) {
      return error(Code::kInvalidArgument, "graph input '{}': a step has no such input", each.name);
    }
    if (each.type.dtype != graph::DType::kI32) {
      return error(Code::kInvalidArgument, "graph input '{}': wanted i32, found {}", each.name,
                   graph::print(each.type));
    }
    program_.capacity[static_cast<size_t>(found - kStepInputs.begin())] = elements_of(each);
    if (each.name == "block_table") program_.max_blocks = each.type.dims.back();
  }
  return {};
}

Status Lowering::check_attention(const Node& attention) {
  if (attention.integer(Attribute::kLayer) >= kv_.layers ||
      attention.integer(Attribute::kKvHeads) != kv_.kv_heads ||
      attention.integer(Attribute::kHeadDim) != kv_.head_dim) {
    return error(Code::kInvalidArgument,
                 "attention of layer {}: the KV cache has {} layers of {} heads of {}",
                 attention.integer(Attribute::kLayer), kv_.layers, kv_.kv_heads, kv_.head_dim);
  }
  const int64_t group = columns_of(attention) / kv_.head_dim / kv_.kv_heads;
  AttentionTiles& tiles = program_.tiles;
  if (tiles.group != 0 && tiles.group != group) {
    return error(Code::kUnsupported, "attention of layer {}: groups of {} heads, others of {}",
                 attention.integer(Attribute::kLayer), group, tiles.group);
  }
  const int64_t capacity = row_capacity(attention.inputs[0]);
  tiles = {.kv_heads = kv_.kv_heads,
           .group = group,
           .rows = std::min(capacity, kernels::attention_tile_rows(group))};
  return {};
}

int64_t Lowering::new_value(int64_t elements) {
  lifetimes_.push_back({.elements = elements, .first = phase(), .last = phase()});
  return static_cast<int64_t>(lifetimes_.size()) - 1;
}

Operand Lowering::read(TaskBuilder& task, NodeId id) {
  if (const auto own = own_row_.find(id); own != own_row_.end()) {
    return {.slot = task.slot(Base::kPrivate, own->second), .offset = 0, .stride = 0};
  }
  if (node(id).op == Op::kInput) {
    return {.slot = task.slot(Base::kInput, input_index(id)), .offset = 0, .stride = 1};
  }
  int64_t offset = 0;
  while (is_view(module_, id)) {
    offset += node(id).integer(Attribute::kBegin);
    id = node(id).inputs[0];
  }
  return {.slot = value_slot(task, value_of_[static_cast<size_t>(id)]),
          .offset = offset,
          .stride = node(id).type.dims.size() > 1 ? columns_of(node(id)) : 1};
}

Operand Lowering::write(TaskBuilder& task, NodeId id) {
  value_of_[static_cast<size_t>(id)] = new_value(elements_of(node(id)));
  return read(task, id);
}

Operand Lowering::write_over(TaskBuilder& task, NodeId id, NodeId predecessor) {
  const bool may = value_of_[static_cast<size_t>(predecessor)] >= 0 &&
                   only_user(module_, predecessor) == id &&
                   columns_of(node(id)) == columns_of(node(predecessor));
  if (!may) return write(task, id);
  value_of_[static_cast<size_t>(id)] = value_of_[static_cast<size_t>(predecessor)];
  return read(task, id);
}

int64_t Lowering::weight_slot(TaskBuilder& task, Base base, NodeId weight) {
  const std::string& name = node(weight).name;
  const auto found = std::ranges::find(program_.weights, name);
  const auto index = found - program_.weights.begin();
  if (found == program_.weights.end()) program_.weights.push_back(name);
  return task.slot(base, index);
}

// One table a program: models whose layers differ in it would need several.
int64_t Lowering::relative_slot(TaskBuilder& task, NodeId buckets) {
  const std::string& name = node(buckets).name;
  const auto found = std::ranges::find(program_.weights, name);
  program_.relative = static_cast<size_t>(found - program_.weights.begin());
  if (found == program_.weights.end()) program_.weights.push_back(name);
  return task.slot(Base::kRelative);
}

int64_t Lowering::ids_slot(TaskBuilder& task, NodeId id) {
  if (node(id).op == Op::kInput) return task.slot(Base::kInput, input_index(id));
  return value_slot(task, value_of_[static_cast<size_t>(id)]);
}

int64_t Lowering::rope_index(const Node& rope) {
  const RopeUse wanted = {.positions = input_index(rope.inputs[1]),
                          .frequencies = node(rope.inputs[2]).values,
                          .factor = static_cast<float>(rope.real(Attribute::kFactor)),
                          .rows = node(rope.inputs[1]).type.dims[0]};
  for (size_t i = 0; i < program_.ropes.size(); ++i) {
    const RopeUse& each = program_.ropes[i];
    if (each.positions == wanted.positions && each.frequencies == wanted.frequencies &&
        each.factor == wanted.factor) {
      return static_cast<int64_t>(i);
    }
  }
  program_.ropes.push_back(wanted);
  return static_cast<int64_t>(program_.ropes.size()) - 1;
}

Task Lowering::finish(TaskBuilder task, int64_t units, NodeId rows_like) {
  if (row_capacity(rows_like) == 1) task.routine.rows = 1;
  most_slots_ = std::max(most_slots_, task.slots.size());
  const auto found = std::ranges::find(program_.routines, task.routine);
  const auto index = static_cast<size_t>(found - program_.routines.begin());
  if (found == program_.routines.end()) program_.routines.push_back(std::move(task.routine));
  return {.routine = index, .slots = std::move(task.slots), .units = units};
}

void Lowering::need_prepared(InputType type, int64_t columns, int64_t rows) {
  const auto row_bytes = static_cast<int64_t>(kernels::prepared_row_bytes(type, columns));
  program_.prepared_bytes = std::max(program_.prepared_bytes, rows * row_bytes);
  program_.private_row_bytes = std::max(program_.private_row_bytes, row_bytes);
}

void Lowering::region(const Region& region) {
  switch (region.work) {
    case Work::kRows:
      return rows_region(region);
    case Work::kPanels:
      return panels_region(region);
    case Work::kItems:
      return items_region(region);
    case Work::kExperts:
      return experts_region(region);
  }
}

void Lowering::place_values() {
  // The caller reads the output after the last phase.
  const NodeId output = module_.graph.outputs()[0];
  const auto value = static_cast<size_t>(value_of_[static_cast<size_t>(output)]);
  lifetimes_[value].last = phase();
  const MemoryPlan plan = plan_memory(lifetimes_);
  const auto place = [&](Task& task) {
    for (Slot& slot : task.slots) {
      if (slot.base == Base::kArena) {
        slot.value = plan.offsets[static_cast<size_t>(slot.value)] * kFloat;
      }
    }
  };
  for (Phase& phase : program_.phases) {
    if (phase.prologue) place(*phase.prologue);
    for (Task& task : phase.tasks) place(task);
  }
  program_.output_offset = plan.offsets[value] * kFloat;
  program_.output_columns = columns_of(node(output));
  program_.output_row_input = rows_of(output);
  program_.arena_bytes = plan.elements * kFloat;
}

Result<Program> Lowering::run() {
  SPYRE_TRY(check_inputs());
  for (const Region& each : module_.regions) region(each);
  if (most_slots_ > kMaxSlots) {
    return error(
        Code::kUnsupported,
        "a region of {} operands, at most {}; SPYRE_DISABLE_PASSES=fuse-rows,fuse-epilogues "
        "makes smaller ones",
        most_slots_, kMaxSlots);
  }
  place_values();
  return std::move(program_);
}

std::vector<size_t> routines_of(const Phase& phase) {
  std::vector<size_t> routines;
  if (phase.prologue) routines.push_back(phase.prologue->routine);
  for (const Task& task : phase.tasks) routines.push_back(task.routine);
  return routines;
}

Result<Program> lower(const Module& module, const KvLayout& kv) {
  return Lowering(module, kv).run();
}

}  // namespace spyre::compile
