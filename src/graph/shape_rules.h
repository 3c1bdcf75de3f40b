// The shape rules that ops.inc names. Each checks its inputs' types and the attributes' ranges, and
// returns the result type; kInvalidArgument says what was wanted and found. Arity and the set of
// attributes are checked before (verify).
#pragma once

#include "graph/op_table.h"

namespace spyre::graph::shape_rules {

Result<Type> leaf(const Node& node, InputTypes inputs);
Result<Type> embed(const Node& node, InputTypes inputs);
Result<Type> matmul(const Node& node, InputTypes inputs);
Result<Type> norm(const Node& node, InputTypes inputs);
Result<Type> rope(const Node& node, InputTypes inputs);
Result<Type> attention(const Node& node, InputTypes inputs);
Result<Type> same(const Node& node, InputTypes inputs);
Result<Type> ids(const Node& node, InputTypes inputs);
Result<Type> slice(const Node& node, InputTypes inputs);
Result<Type> gather_rows(const Node& node, InputTypes inputs);
Result<Type> moe_mlp(const Node& node, InputTypes inputs);

}  // namespace spyre::graph::shape_rules
