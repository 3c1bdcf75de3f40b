// The op table as data: one row per op, made from ops.inc.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "graph/graph.h"

namespace spyre::graph {

// The types of a node's inputs, for shape rules.
using InputTypes = std::span<const Type* const>;
// Result type from the node (its attributes, or its own type for leaves) and its inputs' types.
using ShapeRule = Result<Type> (*)(const Node& node, InputTypes inputs);

struct OpInfo {
  std::string_view text;
  int min_inputs;
  int max_inputs;
  uint32_t attributes;  // bit per Attribute
  ShapeRule rule;
};

const OpInfo& info(Op op);
std::optional<Op> op_named(std::string_view text);
std::span<const OpInfo> op_table();

struct AttributeInfo {
  std::string_view text;
  bool is_integer;
};
inline constexpr int kNumAttributes = static_cast<int>(Attribute::kActivation) + 1;
const AttributeInfo& info(Attribute attribute);
std::optional<Attribute> attribute_named(std::string_view text);
constexpr uint32_t bit(Attribute attribute) { return uint32_t{1} << static_cast<int>(attribute); }

}  // namespace spyre::graph
