// Word layouts. GPTQ: qweight i32 [columns / per, rows], a word holds `per` consecutive columns of
// one row, lowest bits first; qzeros i32 [groups, rows / per]. AWQ (gemm): qweight i32 [columns,
// rows / 8], nibble i of a word is row kAwqOrder[i] of its eight; qzeros likewise [groups, rows /
// 8]. scales f16 [groups, rows] in both. per = 32 / bits.
#include "checkpoint/grouped.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "checkpoint/json_reader.h"

namespace spyre::checkpoint {

namespace {

constexpr std::array<int, 8> kAwqOrder = {0, 2, 4, 6, 1, 3, 5, 7};

// A row-major matrix of unaligned values.
template <typename T>
class View {
 public:
  View() = default;
  View(std::span<const std::byte> data, int64_t columns) : data_(data.data()), columns_(columns) {}
  T at(int64_t row, int64_t column) const {
    T value;
    std::memcpy(&value, data_ + (row * columns_ + column) * static_cast<int64_t>(sizeof(T)),
                sizeof(T));
    return value;
  }

 private:
  const std::byte* data_ = nullptr;
  int64_t columns_ = 0;
};

struct Parts {
  View<uint32_t> weights;
  View<uint32_t> zeros;
  View<uint16_t> scales;
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t groups = 0;
  std::vector<int32_t> group_of;  // per stored column; empty: in order
};

class Grouped : public GroupedSource {
 public:
  Grouped(Parts parts, const QuantizationConfig& config)
      : parts_(std::move(parts)), config_(config) {
    if (parts_.group_of.empty()) return;
    // Stable counting sort; every group has group_columns() columns.
    std::vector<int64_t> next(static_cast<size_t>(parts_.groups));
    for (size_t group = 1; group < next.size(); ++group) {
      next[group] = next[group - 1] + group_columns();
    }
    order_.resize(parts_.group_of.size());
    for (size_t column = 0; column < order_.size(); ++column) {
      int64_t& place = next[static_cast<size_t>(parts_.group_of[column])];
      order_[static_cast<size_t>(place++)] = static_cast<int32_t>(column);
    }
  }

  int64_t rows() const override { return parts_.rows; }
  int64_t columns() const override { return parts_.columns; }
  int64_t group_columns() const override { return parts_.columns / parts_.groups; }
  std::span<const int32_t> column_order() const override { return order_; }

  void read_rows(int64_t first_row, int64_t num_rows, std::span<uint8_t> levels,
                 std::span<uint16_t> scales, std::span<int16_t> zeros) const override {
    for (int64_t group = 0; group < parts_.groups; ++group) {
      for (int64_t i = 0; i < num_rows; ++i) {
        const auto at = static_cast<size_t>(i * parts_.groups + group);
        scales[at] = parts_.scales.at(group, first_row + i);
        zeros[at] = zero(group, first_row + i);
      }
    }
    // Column by column: the rows asked for are neighbours in the file.
    for (int64_t k = 0; k < parts_.columns; ++k) {
      const int64_t column = order_.empty() ? k : order_[static_cast<size_t>(k)];
      for (int64_t i = 0; i < num_rows; ++i) {
        levels[static_cast<size_t>(i * parts_.columns + k)] = level(first_row + i, column);
      }
    }
  }

 private:
  bool is_awq() const { return config_.method == QuantizationConfig::Method::kAwq; }
  uint32_t mask() const { return (1u << config_.bits) - 1; }
  int64_t per_word() const { return 32 / config_.bits; }

  static int awq_shift(int64_t row) {
    const auto place = std::ranges::find(kAwqOrder, static_cast<int>(row % 8));
    return 4 * static_cast<int>(place - kAwqOrder.begin());
  }

  uint8_t level(int64_t row, int64_t column) const {
    const uint32_t word =
        is_awq() ? parts_.weights.at(column, row / 8) : parts_.weights.at(column / per_word(), row);
    const auto shift =
        is_awq() ? awq_shift(row) : static_cast<int>(column % per_word()) * config_.bits;
    return static_cast<uint8_t>((word >> shift) & mask());
  }

  int16_t zero(int64_t group, int64_t row) const {
    const uint32_t word = parts_.zeros.at(group, row / per_word());
    const auto shift =
        is_awq() ? awq_shift(row) : static_cast<int>(row % per_word()) * config_.bits;
    const auto stored = static_cast<int16_t>((word >> shift) & mask());
    return static_cast<int16_t>(is_awq() || !config_.zero_minus_one ? stored : stored + 1);
  }

  const Parts parts_;
  const QuantizationConfig config_;
  std::vector<int32_t> order_;
};

Result<const SafetensorsEntry*> part(const SafetensorsIndex& index, std::string_view prefix,
                                     std::string_view suffix, SafetensorsType type,
                                     std::string_view type_name) {
  const std::string name = fmt::format("{}.{}", prefix, suffix);
  const auto found = index.find(name);
  if (found == index.end()) return error(Code::kNotFound, "tensor '{}' is missing", name);
  if (found->second.type != type) {
    return error(Code::kDataLoss, "tensor '{}': wanted {}, found {}", name, type_name,
                 found->second.type_name);
  }
  return &found->second;
}

Status expect_shape(const SafetensorsEntry& entry, std::string_view name,
                    std::initializer_list<int64_t> wanted) {
  if (std::ranges::equal(entry.shape, wanted)) return {};
  return error(Code::kDataLoss, "tensor '{}': wanted shape [{}], found [{}]", name,
               fmt::join(wanted, ", "), fmt::join(entry.shape, ", "));
}

// g_idx: the group of each column. Every group must have the same number of columns.
Result<std::vector<int32_t>> read_group_index(const SafetensorsEntry& entry, std::string_view name,
                                              int64_t columns, int64_t groups) {
  SPYRE_TRY(expect_shape(entry, name, {columns}));
  const View<int32_t> view(entry.data, 1);
  std::vector<int32_t> group_of;
  std::vector<int64_t> counts(static_cast<size_t>(groups), 0);
  bool in_order = true;
  for (int64_t column = 0; column < columns; ++column) {
    const int32_t group = view.at(column, 0);
    if (group < 0 || group >= groups) {
      return error(Code::kDataLoss, "tensor '{}': column {} is in group {} of {}", name, column,
                   group, groups);
    }
    ++counts[static_cast<size_t>(group)];
    in_order = in_order && group == column / (columns / groups);
    group_of.push_back(group);
  }
  const bool even = std::ranges::all_of(counts, [&](int64_t n) { return n == columns / groups; });
  if (!even) return error(Code::kDataLoss, "tensor '{}': its groups differ in size", name);
  if (in_order) group_of.clear();
  return group_of;
}

}  // namespace

Result<QuantizationConfig> read_quantization_config(const Json& config, std::string_view source) {
  if (!config.is_object()) return error(Code::kInvalidArgument, "{}: not an object", source);
  JsonReader r(config, source);
  QuantizationConfig q;
  const std::string method = r.text("quant_method", r.has("w_bit") ? "awq" : "gptq");
  q.bits = static_cast<int>(r.integer(r.has("w_bit") ? "w_bit" : "bits", 4, 1, 32));
  q.group_columns =
      r.integer(r.has("q_group_size") ? "q_group_size" : "group_size", -1, -1, 1 << 20);
  q.zero_minus_one = r.text("checkpoint_format", "gptq") != "gptq_v2";
  const std::string version = r.text("version", "gemm");
  SPYRE_TRY(r.status());
  if (method == "awq") {
    q.method = QuantizationConfig::Method::kAwq;
    if (q.bits != 4 || (version != "gemm" && version != "GEMM")) {
      return error(Code::kUnsupported, "{}: AWQ of {} bits, version {}: supported is 4 bits, gemm",
                   source, q.bits, version);
    }
  } else if (method != "gptq" || (q.bits != 4 && q.bits != 8)) {
    return error(Code::kUnsupported,
                 "{}: quantisation '{}' of {} bits is not supported; supported are gptq (4 and 8 "
                 "bits) and awq (4 bits, gemm)",
                 source, method, q.bits);
  }
  if (q.group_columns == 0) return error(Code::kInvalidArgument, "{}: group size 0", source);
  return q;
}

Result<std::shared_ptr<const GroupedSource>> open_grouped(const SafetensorsIndex& index,
                                                          std::string_view prefix,
                                                          const QuantizationConfig& config) {
  SPYRE_TRY_ASSIGN(const SafetensorsEntry* const weights,
                   part(index, prefix, "qweight", SafetensorsType::kI32, "I32"));
  SPYRE_TRY_ASSIGN(const SafetensorsEntry* const zeros,
                   part(index, prefix, "qzeros", SafetensorsType::kI32, "I32"));
  SPYRE_TRY_ASSIGN(const SafetensorsEntry* const scales,
                   part(index, prefix, "scales", SafetensorsType::kF16, "F16"));
  const std::string weights_name = fmt::format("{}.qweight", prefix);
  if (weights->shape.size() != 2 || weights->shape[0] == 0 || weights->shape[1] == 0) {
    return error(Code::kDataLoss, "tensor '{}': wanted two dimensions, found [{}]", weights_name,
                 fmt::join(weights->shape, ", "));
  }
  const bool awq = config.method == QuantizationConfig::Method::kAwq;
  const int64_t per_word = 32 / config.bits;
  Parts parts;
  parts.columns = awq ? weights->shape[0] : weights->shape[0] * per_word;
  parts.rows = awq ? weights->shape[1] * per_word : weights->shape[1];
  const int64_t group = config.group_columns < 0 ? parts.columns : config.group_columns;
  if (parts.columns % group != 0 || parts.rows % per_word != 0) {
    return error(Code::kDataLoss, "tensor '{}': [{}, {}] does not divide into groups of {}",
                 weights_name, parts.rows, parts.columns, group);
  }
  parts.groups = parts.columns / group;
  SPYRE_TRY(expect_shape(*zeros, fmt::format("{}.qzeros", prefix),
                         {parts.groups, parts.rows / per_word}));
  SPYRE_TRY(expect_shape(*scales, fmt::format("{}.scales", prefix), {parts.groups, parts.rows}));
  const std::string index_name = fmt::format("{}.g_idx", prefix);
  if (const auto found = index.find(index_name); found != index.end() && !awq) {
    if (found->second.type != SafetensorsType::kI32) {
      return error(Code::kDataLoss, "tensor '{}': wanted I32, found {}", index_name,
                   found->second.type_name);
    }
    SPYRE_TRY_ASSIGN(parts.group_of,
                     read_group_index(found->second, index_name, parts.columns, parts.groups));
  }
  parts.weights = View<uint32_t>(weights->data, weights->shape[1]);
  parts.zeros = View<uint32_t>(zeros->data, parts.rows / per_word);
  parts.scales = View<uint16_t>(scales->data, parts.rows);
  return std::make_shared<const Grouped>(std::move(parts), config);
}

}  // namespace spyre::checkpoint
