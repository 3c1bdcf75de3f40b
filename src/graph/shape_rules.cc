#include "graph/shape_rules.h"

#include <cmath>

namespace spyre::graph::shape_rules {

namespace {

// Bounds every dimension and every tensor, so that products of sizes never overflow.
constexpr int64_t kMaxElements = int64_t{1} << 44;

std::string text_of(const Type& type) {
  return fmt::format("{}[{}]", type.dtype == DType::kF32 ? "f32" : "i32",
                     fmt::join(type.dims, ", "));
}

// wanted: -1 for any size.
Status expect(InputTypes inputs, size_t index, DType dtype, std::initializer_list<int64_t> wanted,
              std::string_view role) {
  const Type& found = *inputs[index];
  bool fits = found.dtype == dtype && found.dims.size() == wanted.size();
  for (size_t i = 0; fits && i < wanted.size(); ++i) {
    const int64_t dim = wanted.begin()[i];
    fits = dim < 0 || dim == found.dims[i];
  }
  if (fits) return {};
  return error(Code::kInvalidArgument, "{}: wanted {} (-1: any), found {}", role,
               text_of({dtype, wanted}), text_of(found));
}

Result<int64_t> integer_in(const Node& node, Attribute attribute, int64_t low, int64_t high) {
  const double value = node.real(attribute);
  if (value == std::floor(value) && value >= static_cast<double>(low) &&
      value <= static_cast<double>(high)) {
    return static_cast<int64_t>(value);
  }
  return error(Code::kInvalidArgument, "{}: wanted an integer from {} to {}, found {}",
               info(attribute).text, low, high, value);
}

constexpr DType kF = DType::kF32;
constexpr DType kI = DType::kI32;

}  // namespace

Result<Type> leaf(const Node& node, InputTypes) {
  int64_t elements = 1;
  for (const int64_t dim : node.type.dims) {
    if (dim < 1 || dim > kMaxElements / elements) {
      return error(Code::kInvalidArgument, "'{}': dimension {} is out of range in {}", node.name,
                   dim, text_of(node.type));
    }
    elements *= dim;
  }
  if (node.type.dims.empty() || node.type.dims.size() > 3) {
    return error(Code::kInvalidArgument, "'{}': wanted 1 to 3 dimensions, found {}", node.name,
                 node.type.dims.size());
  }
  if (node.op != Op::kInput && node.type.dtype != kF) {
    return error(Code::kInvalidArgument, "'{}': weights and constants are f32", node.name);
  }
  const bool is_constant = node.op == Op::kConstant;
  if (is_constant && (node.type.dims.size() != 1 ||
                      node.values.size() != static_cast<size_t>(node.type.dims[0]))) {
    return error(Code::kInvalidArgument, "constant '{}': {} values for {}", node.name,
                 node.values.size(), text_of(node.type));
  }
  return node.type;
}

Result<Type> embed(const Node&, InputTypes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {-1, -1}, "table"));
  SPYRE_TRY(expect(inputs, 1, kI, {-1}, "ids"));
  return Type{kF, {inputs[1]->dims[0], inputs[0]->dims[1]}};
}

Result<Type> matmul(const Node&, InputTypes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {-1, -1}, "x"));
  SPYRE_TRY(expect(inputs, 1, kF, {-1, inputs[0]->dims[1]}, "weight"));
  const int64_t outputs = inputs[1]->dims[0];
  if (inputs.size() > 2) SPYRE_TRY(expect(inputs, 2, kF, {outputs}, "bias"));
  return Type{kF, {inputs[0]->dims[0], outputs}};
}

Result<Type> norm(const Node& node, InputTypes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {-1, -1}, "x"));
  SPYRE_TRY(expect(inputs, 1, kF, {-1}, "weight"));
  const int64_t columns = inputs[0]->dims[1];
  const int64_t length = inputs[1]->dims[0];
  if (columns % length != 0 || (node.op == Op::kLayerNorm && columns != length)) {
    return error(Code::kInvalidArgument, "weight of {} values does not fit {} columns", length,
                 columns);
  }
  if (inputs.size() > 2) SPYRE_TRY(expect(inputs, 2, kF, {columns}, "bias"));
  return *inputs[0];
}

Result<Type> rope(const Node& node, InputTypes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {-1, -1}, "x"));
  SPYRE_TRY(expect(inputs, 1, kI, {inputs[0]->dims[0]}, "positions"));
  SPYRE_TRY(expect(inputs, 2, kF, {-1}, "frequencies"));
  const int64_t columns = inputs[0]->dims[1];
  SPYRE_TRY_ASSIGN(const int64_t head_dim, integer_in(node, Attribute::kHeadDim, 1, columns));
  if (columns % head_dim != 0 || 2 * inputs[2]->dims[0] > head_dim) {
    return error(Code::kInvalidArgument,
                 "{} columns in heads of {} with {} frequencies: heads must divide the columns "
                 "and hold two columns per frequency",
                 columns, head_dim, inputs[2]->dims[0]);
  }
  return *inputs[0];
}

Result<Type> attention(const Node& node, InputTypes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {-1, -1}, "q"));
  const int64_t rows = inputs[0]->dims[0];
  const int64_t columns = inputs[0]->dims[1];
  SPYRE_TRY_ASSIGN(const int64_t head_dim, integer_in(node, Attribute::kHeadDim, 1, columns));
  SPYRE_TRY_ASSIGN(const int64_t kv_heads, integer_in(node, Attribute::kKvHeads, 1, columns));
  SPYRE_TRY(integer_in(node, Attribute::kLayer, 0, 1 << 20));
  SPYRE_TRY(integer_in(node, Attribute::kWindow, 0, INT32_MAX));
  if (columns % head_dim != 0 || columns / head_dim % kv_heads != 0) {
    return error(Code::kInvalidArgument, "q of {} columns: wanted a multiple of {} heads of {}",
                 columns, kv_heads, head_dim);
  }
  SPYRE_TRY(expect(inputs, 1, kF, {rows, kv_heads * head_dim}, "k"));
  SPYRE_TRY(expect(inputs, 2, kF, {rows, kv_heads * head_dim}, "v"));
  SPYRE_TRY(expect(inputs, 3, kI, {rows}, "positions"));
  SPYRE_TRY(expect(inputs, 4, kI, {rows}, "sequences"));
  SPYRE_TRY(expect(inputs, 5, kI, {-1, -1}, "block_table"));
  return *inputs[0];
}

Result<Type> same(const Node&, InputTypes inputs) {
  if (inputs[0]->dtype != kF) {
    return error(Code::kInvalidArgument, "wanted f32, found {}", text_of(*inputs[0]));
  }
  if (inputs.size() > 1 && *inputs[1] != *inputs[0]) {
    return error(Code::kInvalidArgument, "wanted two inputs of one shape, found {} and {}",
                 text_of(*inputs[0]), text_of(*inputs[1]));
  }
  return *inputs[0];
}

Result<Type> ids(const Node& node, InputTypes inputs) {
  SPYRE_TRY(expect(inputs, 0, kI, {-1}, "ids"));
  SPYRE_TRY(integer_in(node, Attribute::kOffset, -INT32_MAX, INT32_MAX));
  return *inputs[0];
}

Result<Type> slice(const Node& node, InputTypes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {-1, -1}, "x"));
  const int64_t columns = inputs[0]->dims[1];
  SPYRE_TRY_ASSIGN(const int64_t begin, integer_in(node, Attribute::kBegin, 0, columns - 1));
  SPYRE_TRY_ASSIGN(const int64_t length, integer_in(node, Attribute::kLength, 1, columns - begin));
  return Type{kF, {inputs[0]->dims[0], length}};
}

Result<Type> gather_rows(const Node&, InputTypes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {-1, -1}, "x"));
  SPYRE_TRY(expect(inputs, 1, kI, {-1}, "rows"));
  return Type{kF, {inputs[1]->dims[0], inputs[0]->dims[1]}};
}

Result<Type> moe_mlp(const Node& node, InputTypes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {-1, -1}, "x"));
  const int64_t rows = inputs[0]->dims[0];
  const int64_t hidden = inputs[0]->dims[1];
  SPYRE_TRY(expect(inputs, 1, kF, {rows, -1}, "router_logits"));
  const int64_t experts = inputs[1]->dims[1];
  SPYRE_TRY(expect(inputs, 3, kF, {experts, hidden, -1}, "w_out"));
  SPYRE_TRY(expect(inputs, 2, kF, {experts, 2 * inputs[3]->dims[2], hidden}, "w_in"));
  SPYRE_TRY(integer_in(node, Attribute::kTopK, 1, experts));
  SPYRE_TRY(integer_in(node, Attribute::kActivation, static_cast<int64_t>(Op::kSilu),
                       static_cast<int64_t>(Op::kTanh)));
  return *inputs[0];
}

}  // namespace spyre::graph::shape_rules
