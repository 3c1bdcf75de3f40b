#include "runner/load_weights.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <utility>

#include "base/half.h"
#include "runner/weight_outline.h"

namespace spyre::runner {

namespace {

using checkpoint::StoredTensor;
using kernels::kPanelRows;

// Float rows only. Files promise no alignment, hence the copies.
template <typename T>
T load(const std::byte* bytes, int64_t index) {
  T value;
  std::memcpy(&value, bytes + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

float read_float(Format format, const std::byte* row, int64_t column) {
  if (format == Format::kF32) return load<float>(row, column);
  const auto bits = load<uint16_t>(row, column);
  return format == Format::kF16 ? f16_to_f32(bits) : bf16_to_f32(bits);
}

// to: kF16 or kBF16.
void convert_row(Format from, const std::byte* source, Format to, int64_t columns,
                 std::byte* target) {
  auto* out = reinterpret_cast<uint16_t*>(target);
  for (int64_t i = 0; i < columns; ++i) {
    const float value = read_float(from, source, i);
    out[i] = to == Format::kF16 ? f32_to_f16(value) : f32_to_bf16(value);
  }
}

// Packs panels of a tensor whose rows are contiguous bytes in the file.
class RowPacker {
 public:
  RowPacker(const StoredTensor& tensor, Format format, int64_t columns)
      : tensor_(tensor),
        format_(format),
        columns_(columns),
        row_bytes_(static_cast<size_t>(columns / info(tensor.format).block_elements *
                                       info(tensor.format).block_bytes)),
        converted_(format == tensor.format
                       ? 0
                       : static_cast<size_t>(columns * info(format).block_bytes) * kPanelRows) {}

  void pack(int64_t first_row, int num_rows, std::byte* panel) {
    std::array<const std::byte*, kPanelRows> rows{};
    for (int i = 0; i < num_rows; ++i) {
      const auto stored = static_cast<size_t>(tensor_.stored_row(first_row + i));
      rows[static_cast<size_t>(i)] = tensor_.data.data() + stored * row_bytes_;
      if (converted_.empty()) continue;
      std::byte* target =
          converted_.data() + static_cast<size_t>(i) * converted_.size() / kPanelRows;
      convert_row(tensor_.format, rows[static_cast<size_t>(i)], format_, columns_, target);
      rows[static_cast<size_t>(i)] = target;
    }
    kernels::pack_panel(format_, rows.data(), num_rows, columns_, panel);
  }

 private:
  const StoredTensor& tensor_;
  const Format format_;
  const int64_t columns_;
  const size_t row_bytes_;
  std::vector<std::byte> converted_;
};

// Packs panels of a GPTQ or AWQ tensor.
class GroupedPacker {
 public:
  GroupedPacker(const StoredTensor& tensor, Format format, int64_t columns)
      : source_(*tensor.grouped),
        format_(format),
        columns_(columns),
        groups_(columns / source_.group_columns()),
        levels_(static_cast<size_t>(kPanelRows * columns)),
        scales_(static_cast<size_t>(kPanelRows * groups_)),
        zeros_(static_cast<size_t>(kPanelRows * groups_)) {}

  void pack(int64_t first_row, int num_rows, std::byte* panel) {
    source_.read_rows(first_row, num_rows, levels_, scales_, zeros_);
    kernels::pack_grouped_panel(format_, levels_.data(), scales_.data(), zeros_.data(), num_rows,
                                columns_, source_.group_columns(), panel);
  }

 private:
  const checkpoint::GroupedSource& source_;
  const Format format_;
  const int64_t columns_;
  const int64_t groups_;
  std::vector<uint8_t> levels_;
  std::vector<uint16_t> scales_;
  std::vector<int16_t> zeros_;
};

template <typename Packer>
void pack_all(const StoredTensor& tensor, const backend::Weight& weight, ThreadPool& pool,
              std::byte* storage) {
  const kernels::PackedMatrix& each = weight.matrices.front();
  const auto count = static_cast<int64_t>(weight.matrices.size());
  const int64_t panels = (each.rows + kPanelRows - 1) / kPanelRows;
  const size_t panel_bytes = weight.storage.bytes() / static_cast<size_t>(count * panels);
  pool.parallel_for(count * panels, [&](int64_t begin, int64_t end) {
    Packer packer(tensor, each.format, each.columns);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = i % panels * kPanelRows;
      const auto num_rows = static_cast<int>(std::min<int64_t>(kPanelRows, each.rows - row));
      packer.pack(i / panels * each.rows + row, num_rows,
                  storage + static_cast<size_t>(i) * panel_bytes);
    }
  });
}

Result<backend::Weight> load_matrices(const StoredTensor& tensor, backend::Weight weight,
                                      ThreadPool& pool) {
  const auto bytes = static_cast<size_t>(matrix_bytes(weight));
  SPYRE_TRY_ASSIGN(weight.storage, AlignedBuffer::create(bytes));
  std::byte* storage = weight.storage.data();
  if (is_grouped(weight.matrices.front().format)) {
    pack_all<GroupedPacker>(tensor, weight, pool, storage);
  } else {
    pack_all<RowPacker>(tensor, weight, pool, storage);
  }
  const size_t each_bytes = bytes / weight.matrices.size();
  for (size_t i = 0; i < weight.matrices.size(); ++i) {
    weight.matrices[i].panels = storage + i * each_bytes;
  }
  return weight;
}

}  // namespace

Result<backend::WeightSet> load_weights(const graph::Graph& graph,
                                        const checkpoint::Checkpoint& checkpoint,
                                        const Precision& precision, ThreadPool& pool,
                                        const LoadProgress& progress) {
  std::vector<const graph::Node*> wanted;
  for (const graph::Node& node : graph.nodes()) {
    if (node.op == graph::Op::kWeight) wanted.push_back(&node);
  }
  backend::WeightSet weights;
  const auto total = static_cast<int64_t>(wanted.size());
  for (int64_t done = 0; done < total; ++done) {
    if (!progress(done, total)) return error(Code::kCancelled, "loading was stopped");
    const graph::Node& node = *wanted[static_cast<size_t>(done)];
    if (weights.contains(node.name)) continue;
    SPYRE_TRY_ASSIGN(const StoredTensor tensor, checkpoint.tensor(node.name, node.type.dims));
    SPYRE_TRY_ASSIGN(backend::Weight weight, outline_weight(tensor, precision));
    if (tensor.shape.size() == 1) {
      weight.values.resize(static_cast<size_t>(tensor.shape[0]));
      checkpoint::read_row_f32(tensor, 0, weight.values);
    } else {
      SPYRE_TRY_ASSIGN(weight, load_matrices(tensor, std::move(weight), pool));
    }
    weights.emplace(node.name, std::move(weight));
    checkpoint.drop_pages(tensor);
  }
  progress(total, total);
  return weights;
}

}  // namespace spyre::runner
