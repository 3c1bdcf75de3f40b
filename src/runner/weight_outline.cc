// From a stored tensor's header to the shape of its packed form.
#include "runner/weight_outline.h"

#include <utility>

namespace spyre::runner {

namespace {

using checkpoint::StoredTensor;

Status check_columns(const StoredTensor& tensor, Format format, int64_t columns) {
  const int64_t block =
      is_grouped(format) ? tensor.grouped->group_columns() : info(format).block_elements;
  const bool whole_groups = !is_grouped(format) || block % kernels::kQuantBlock == 0;
  if (columns % block == 0 && whole_groups) return {};
  return error(Code::kUnsupported,
               "tensor '{}': {} columns in groups of {}; wanted groups that are multiples of {} "
               "and divide the columns",
               tensor.name, columns, block, kernels::kQuantBlock);
}

}  // namespace

Result<backend::Weight> outline_weight(const StoredTensor& tensor, const Precision& precision) {
  backend::Weight weight;
  weight.shape = tensor.shape;
  const size_t rank = tensor.shape.size();
  if (rank == 1) return weight;
  const Format format = precision.weight_format(tensor.format);
  const int64_t columns = tensor.shape[rank - 1];
  SPYRE_TRY(check_columns(tensor, format, columns));
  weight.input = precision.input_type(format);
  kernels::PackedMatrix matrix = {
      .format = format, .rows = tensor.shape[rank - 2], .columns = columns};
  if (is_grouped(format)) {
    matrix.group_columns = tensor.grouped->group_columns();
    const auto order = tensor.grouped->column_order();
    weight.input_order.assign(order.begin(), order.end());
  }
  // Rank 3: one matrix per expert.
  weight.matrices.assign(static_cast<size_t>(rank == 3 ? tensor.shape[0] : 1), matrix);
  return weight;
}

int64_t matrix_bytes(const backend::Weight& outline) {
  if (outline.matrices.empty()) return 0;
  const kernels::PackedMatrix& each = outline.matrices.front();
  return static_cast<int64_t>(
      outline.matrices.size() *
      kernels::packed_bytes(each.format, each.rows, each.columns, each.group_columns));
}

int64_t filled_bytes(const backend::Weight& outline) {
  if (outline.shape.size() == 1) return outline.shape[0] * static_cast<int64_t>(sizeof(float));
  return matrix_bytes(outline) + static_cast<int64_t>(outline.input_order.size() * sizeof(int32_t));
}

Result<backend::WeightSet> outline_weights(const graph::Graph& graph,
                                           const checkpoint::Checkpoint& checkpoint,
                                           const Precision& precision) {
  backend::WeightSet weights;
  for (const graph::Node& node : graph.nodes()) {
    if (node.op != graph::Op::kWeight || weights.contains(node.name)) continue;
    SPYRE_TRY_ASSIGN(const StoredTensor tensor,
                     checkpoint.tensor_outline(node.name, node.type.dims));
    SPYRE_TRY_ASSIGN(backend::Weight weight, outline_weight(tensor, precision));
    weights.emplace(node.name, std::move(weight));
  }
  return weights;
}

}  // namespace spyre::runner
