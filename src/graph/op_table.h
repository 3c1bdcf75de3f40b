// The op table as data: one row per op, made from ops.inc, and the names of attributes.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "graph/graph.h"

namespace spyre::graph {

// The nodes that a node's inputs name, for shape rules.
using InputNodes = std::span<const Node* const>;
// Result type from the node (its attributes, or its own type for leaves) and its inputs.
using ShapeRule = Result<Type> (*)(const Node& node, InputNodes inputs);

struct OpInfo {
  std::string_view text;
  int min_inputs;
  int max_inputs;
  uint32_t attributes;  // bit per Attribute
  ShapeRule rule;

  bool is_leaf() const { return max_inputs == 0; }
};

std::span<const OpInfo> op_table();  // in the order of the enum
const OpInfo& info(Op op);
std::optional<Op> op_named(std::string_view text);

inline constexpr int kNumAttributes = static_cast<int>(Attribute::kActivation) + 1;
std::string_view name(Attribute attribute);
std::optional<Attribute> attribute_named(std::string_view text);
constexpr uint32_t bit(Attribute attribute) { return uint32_t{1} << static_cast<int>(attribute); }

}  // namespace spyre::graph
