#include "graph/shape_rules.h"

#include <cmath>
#include <initializer_list>

namespace spyre::graph::shape_rules {

namespace {

constexpr DType kF = DType::kF32;
constexpr DType kI = DType::kI32;
constexpr int64_t kAny = -1;

// role names the input in the error.
Status expect_type(InputNodes inputs, size_t index, DType dtype,
                   std::initializer_list<int64_t> wanted, std::string_view role) {
  const Type& found = inputs[index]->type;
  bool fits = found.dtype == dtype && found.dims.size() == wanted.size();
  for (size_t i = 0; fits && i < wanted.size(); ++i) {
    const int64_t dim = wanted.begin()[i];
    fits = dim == kAny || dim == found.dims[i];
  }
  if (fits) return {};
  return error(Code::kInvalidArgument, "{}: wanted {} (-1: any), found {}", role,
               print(Type{dtype, wanted}), print(found));
}

// A value of the step: an input or a result, not a weight or a constant.
Status expect(InputNodes inputs, size_t index, DType dtype, std::initializer_list<int64_t> wanted,
              std::string_view role) {
  const Op op = inputs[index]->op;
  if (op == Op::kWeight || op == Op::kConstant) {
    return error(Code::kInvalidArgument, "{}: wanted a value of the step, found op {}", role,
                 info(op).text);
  }
  return expect_type(inputs, index, dtype, wanted, role);
}

// An f32 leaf of the given op: kernels take packed weights and constants, not values of the step.
Status expect_leaf(InputNodes inputs, size_t index, Op op, std::initializer_list<int64_t> wanted,
                   std::string_view role) {
  if (inputs[index]->op != op) {
    return error(Code::kInvalidArgument, "{}: wanted op {}, found op {}", role, info(op).text,
                 info(inputs[index]->op).text);
  }
  return expect_type(inputs, index, kF, wanted, role);
}

Status expect_weight(InputNodes inputs, size_t index, std::initializer_list<int64_t> wanted,
                     std::string_view role) {
  return expect_leaf(inputs, index, Op::kWeight, wanted, role);
}

Result<int64_t> integer_in(const Node& node, Attribute attribute, int64_t low, int64_t high) {
  const double value = node.real(attribute);
  if (value == std::floor(value) && value >= static_cast<double>(low) &&
      value <= static_cast<double>(high)) {
    return static_cast<int64_t>(value);
  }
  return error(Code::kInvalidArgument, "{}: wanted an integer from {} to {}, found {}",
               name(attribute), low, high, value);
}

Status not_negative(const Node& node, Attribute attribute) {
  const double value = node.real(attribute);
  if (value >= 0) return {};
  return error(Code::kInvalidArgument, "{}: wanted 0 or more, found {}", name(attribute), value);
}

}  // namespace

Result<Type> leaf(const Node& node, InputNodes) {
  const std::vector<int64_t>& dims = node.type.dims;
  if (dims.empty() || dims.size() > 3) {
    return error(Code::kInvalidArgument, "'{}': wanted 1 to 3 dimensions, found {}", node.name,
                 dims.size());
  }
  if (node.op != Op::kInput && node.type.dtype != kF) {
    return error(Code::kInvalidArgument, "'{}': weights and constants are f32", node.name);
  }
  if (node.op == Op::kConstant &&
      (dims.size() != 1 || node.values.size() != static_cast<size_t>(dims[0]))) {
    return error(Code::kInvalidArgument, "'{}': {} values for {}", node.name, node.values.size(),
                 print(node.type));
  }
  return node.type;
}

Result<Type> embed(const Node&, InputNodes inputs) {
  SPYRE_TRY(expect_weight(inputs, 0, {kAny, kAny}, "table"));
  SPYRE_TRY(expect(inputs, 1, kI, {kAny}, "ids"));
  return Type{kF, {inputs[1]->type.dims[0], inputs[0]->type.dims[1]}};
}

Result<Type> matmul(const Node&, InputNodes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {kAny, kAny}, "x"));
  SPYRE_TRY(expect_weight(inputs, 1, {kAny, inputs[0]->type.dims[1]}, "weight"));
  const int64_t outputs = inputs[1]->type.dims[0];
  if (inputs.size() > 2) SPYRE_TRY(expect_weight(inputs, 2, {outputs}, "bias"));
  return Type{kF, {inputs[0]->type.dims[0], outputs}};
}

Result<Type> norm(const Node& node, InputNodes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {kAny, kAny}, "x"));
  SPYRE_TRY(expect_weight(inputs, 1, {kAny}, "weight"));
  SPYRE_TRY(not_negative(node, Attribute::kEps));
  const int64_t columns = inputs[0]->type.dims[1];
  const int64_t length = inputs[1]->type.dims[0];
  if (columns % length != 0 || (node.op == Op::kLayerNorm && columns != length)) {
    return error(Code::kInvalidArgument, "weight of {} values does not fit {} columns", length,
                 columns);
  }
  if (inputs.size() > 2) SPYRE_TRY(expect_weight(inputs, 2, {columns}, "bias"));
  return inputs[0]->type;
}

Result<Type> rope(const Node& node, InputNodes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {kAny, kAny}, "x"));
  SPYRE_TRY(expect(inputs, 1, kI, {inputs[0]->type.dims[0]}, "positions"));
  SPYRE_TRY(expect_leaf(inputs, 2, Op::kConstant, {kAny}, "frequencies"));
  const int64_t columns = inputs[0]->type.dims[1];
  SPYRE_TRY_ASSIGN(const int64_t head_dim, integer_in(node, Attribute::kHeadDim, 1, columns));
  if (columns % head_dim != 0 || 2 * inputs[2]->type.dims[0] > head_dim) {
    return error(Code::kInvalidArgument,
                 "{} columns in heads of {} with {} frequencies: heads must divide the columns "
                 "and hold two columns per frequency",
                 columns, head_dim, inputs[2]->type.dims[0]);
  }
  return inputs[0]->type;
}

Result<Type> attention(const Node& node, InputNodes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {kAny, kAny}, "q"));
  const int64_t rows = inputs[0]->type.dims[0];
  const int64_t columns = inputs[0]->type.dims[1];
  SPYRE_TRY_ASSIGN(const int64_t head_dim, integer_in(node, Attribute::kHeadDim, 1, columns));
  SPYRE_TRY_ASSIGN(const int64_t kv_heads, integer_in(node, Attribute::kKvHeads, 1, columns));
  SPYRE_TRY(integer_in(node, Attribute::kLayer, 0, 1 << 20));
  SPYRE_TRY(integer_in(node, Attribute::kWindow, 0, INT32_MAX));
  SPYRE_TRY(not_negative(node, Attribute::kSoftcap));
  if (columns % head_dim != 0 || columns / head_dim % kv_heads != 0) {
    return error(Code::kInvalidArgument, "q of {} columns: wanted a multiple of {} heads of {}",
                 columns, kv_heads, head_dim);
  }
  SPYRE_TRY(expect(inputs, 1, kF, {rows, kv_heads * head_dim}, "k"));
  SPYRE_TRY(expect(inputs, 2, kF, {rows, kv_heads * head_dim}, "v"));
  SPYRE_TRY(expect(inputs, 3, kI, {rows}, "positions"));
  SPYRE_TRY(expect(inputs, 4, kI, {rows}, "sequences"));
  SPYRE_TRY(expect(inputs, 5, kI, {kAny, kAny}, "block_table"));
  if (inputs.size() > 6) {
    SPYRE_TRY(expect(inputs, 6, kI, {inputs[5]->type.dims[0]}, "lengths"));
    if (node.integer(Attribute::kWindow) != 0) {
      return error(Code::kInvalidArgument, "window {}: wanted 0 with lengths",
                   node.integer(Attribute::kWindow));
    }
  }
  if (inputs.size() > 7) {
    SPYRE_TRY(expect_weight(inputs, 7, {kAny, columns / head_dim}, "buckets"));
    const int64_t buckets = inputs[7]->type.dims[0];
    if (buckets % 2 != 0 || buckets < 4) {
      return error(Code::kInvalidArgument, "buckets: wanted an even number from 4, found {}",
                   buckets);
    }
  }
  return inputs[0]->type;
}

Result<Type> same(const Node&, InputNodes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {kAny, kAny}, "x"));
  const Type& type = inputs[0]->type;
  if (inputs.size() > 1) {
    SPYRE_TRY(expect(inputs, 1, kF, {type.dims[0], type.dims[1]}, "second input"));
  }
  return type;
}

Result<Type> ids(const Node& node, InputNodes inputs) {
  SPYRE_TRY(expect(inputs, 0, kI, {kAny}, "ids"));
  SPYRE_TRY(integer_in(node, Attribute::kOffset, -INT32_MAX, INT32_MAX));
  return inputs[0]->type;
}

Result<Type> slice(const Node& node, InputNodes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {kAny, kAny}, "x"));
  const int64_t columns = inputs[0]->type.dims[1];
  SPYRE_TRY_ASSIGN(const int64_t begin, integer_in(node, Attribute::kBegin, 0, columns - 1));
  SPYRE_TRY_ASSIGN(const int64_t length, integer_in(node, Attribute::kLength, 1, columns - begin));
  return Type{kF, {inputs[0]->type.dims[0], length}};
}

Result<Type> slice_heads(const Node& node, InputNodes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {kAny, kAny}, "x"));
  const int64_t columns = inputs[0]->type.dims[1];
  SPYRE_TRY_ASSIGN(const int64_t run, integer_in(node, Attribute::kHeadDim, 1, columns));
  if (columns % run != 0) {
    return error(Code::kInvalidArgument, "{} columns do not divide into runs of {}", columns, run);
  }
  SPYRE_TRY_ASSIGN(const int64_t begin, integer_in(node, Attribute::kBegin, 0, run - 1));
  SPYRE_TRY_ASSIGN(const int64_t length, integer_in(node, Attribute::kLength, 1, run - begin));
  return Type{kF, {inputs[0]->type.dims[0], columns / run * length}};
}

Result<Type> pool(const Node&, InputNodes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {kAny, kAny}, "x"));
  SPYRE_TRY(expect(inputs, 1, kI, {kAny}, "rows"));
  const int64_t rows = inputs[1]->type.dims[0];
  SPYRE_TRY(expect(inputs, 2, kI, {rows}, "lengths"));
  return Type{kF, {rows, inputs[0]->type.dims[1]}};
}

Result<Type> gather_rows(const Node&, InputNodes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {kAny, kAny}, "x"));
  SPYRE_TRY(expect(inputs, 1, kI, {kAny}, "rows"));
  return Type{kF, {inputs[1]->type.dims[0], inputs[0]->type.dims[1]}};
}

Result<Type> moe_mlp(const Node& node, InputNodes inputs) {
  SPYRE_TRY(expect(inputs, 0, kF, {kAny, kAny}, "x"));
  const int64_t rows = inputs[0]->type.dims[0];
  const int64_t hidden = inputs[0]->type.dims[1];
  SPYRE_TRY(expect(inputs, 1, kF, {rows, kAny}, "router_logits"));
  const int64_t experts = inputs[1]->type.dims[1];
  SPYRE_TRY(expect_weight(inputs, 3, {experts, hidden, kAny}, "w_out"));
  SPYRE_TRY(expect_weight(inputs, 2, {experts, 2 * inputs[3]->type.dims[2], hidden}, "w_in"));
  SPYRE_TRY(integer_in(node, Attribute::kTopK, 1, experts));
  SPYRE_TRY(integer_in(node, Attribute::kActivation, static_cast<int64_t>(Op::kSilu),
                       static_cast<int64_t>(Op::kTanh)));
  return inputs[0]->type;
}

}  // namespace spyre::graph::shape_rules
