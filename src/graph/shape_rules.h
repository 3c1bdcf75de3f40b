// The shape rules that ops.inc names. Each checks its inputs' types (and that weights are weights),
// the attributes' ranges, and returns the result type; kInvalidArgument says what was wanted and
// found. Arity, the set of attributes and their finiteness are checked before, the size of the
// result after (verifier.cc).
#pragma once

#include "graph/op_table.h"

namespace spyre::graph::shape_rules {

Result<Type> leaf(const Node& node, InputNodes inputs);
Result<Type> embed(const Node& node, InputNodes inputs);
Result<Type> matmul(const Node& node, InputNodes inputs);
Result<Type> norm(const Node& node, InputNodes inputs);
Result<Type> rope(const Node& node, InputNodes inputs);
Result<Type> attention(const Node& node, InputNodes inputs);
Result<Type> same(const Node& node, InputNodes inputs);
Result<Type> ids(const Node& node, InputNodes inputs);
Result<Type> slice(const Node& node, InputNodes inputs);
Result<Type> slice_heads(const Node& node, InputNodes inputs);
Result<Type> gather_rows(const Node& node, InputNodes inputs);
Result<Type> pool(const Node& node, InputNodes inputs);
Result<Type> moe_mlp(const Node& node, InputNodes inputs);

}  // namespace spyre::graph::shape_rules
