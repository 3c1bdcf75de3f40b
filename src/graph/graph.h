// The IR: a Graph is a list of nodes over static shapes, in an order that computes every input
// before its use. What varies from step to step (token ids, positions, block tables) are inputs,
// not shapes. The op table (ops.inc) gives the enum, the printer, the parser, the verifier and the
// shape rules. A graph is data: what runs it, and where weights come from, is not known here.
//
// Shapes: T rows of a step (tokens of any sequences), S sequences, B blocks a sequence may have, R
// rows to sample.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace spyre::graph {

enum class DType : uint8_t { kF32, kI32 };

enum class Op : uint8_t {
#define SPYRE_OP(enumerator, text, min_inputs, max_inputs, attributes, shape_rule) enumerator,
#include "graph/ops.inc"
#undef SPYRE_OP
};

// Attributes are numbers; each op's row of the table says which it has.
enum class Attribute : uint8_t {
  kEps,         // rms_norm, layer_norm
  kOffset,      // rms_norm: added to the weight; add_offset: added to the ids
  kFactor,      // scale: multiplier; rope: multiplier of cos and sin
  kLayer,       // attention: which layer's KV cache
  kKvHeads,     // attention
  kHeadDim,     // attention, rope; slice_heads: columns of a run
  kScale,       // attention: of the scores
  kSoftcap,     // attention: 0 = off
  kWindow,      // attention: 0 = all, W: position i sees i-W+1 .. i
  kBegin,       // slice, slice_heads: first column
  kLength,      // slice, slice_heads: columns
  kTopK,        // moe_mlp: experts per token
  kActivation,  // moe_mlp: the Op of its activation; prints as that op's name
};

using NodeId = int32_t;

struct Type {
  DType dtype = DType::kF32;
  std::vector<int64_t> dims;
  bool operator==(const Type&) const = default;
};

struct AttributeValue {
  Attribute attribute;
  double value;  // integers are exact up to 2^53; reals stay inside the range of f32
  bool operator==(const AttributeValue&) const = default;
};

struct Node {
  Op op{};
  Type type;  // of the result
  std::vector<NodeId> inputs;
  std::vector<AttributeValue> attributes;
  std::string name;           // input, weight, constant: unique in the graph; else empty
  std::vector<float> values;  // constant only
  bool operator==(const Node&) const = default;

  double real(Attribute attribute) const;  // SPYRE_CHECKs that it is there
  int64_t integer(Attribute attribute) const;
};

class Graph {
 public:
  std::span<const Node> nodes() const { return nodes_; }
  const Node& node(NodeId id) const { return nodes_[static_cast<size_t>(id)]; }
  std::span<const NodeId> outputs() const { return outputs_; }

  NodeId append(Node node);  // type must be set already (see Builder, which infers it)
  void set_outputs(std::vector<NodeId> outputs) { outputs_ = std::move(outputs); }
  bool operator==(const Graph&) const = default;

 private:
  std::vector<Node> nodes_;
  std::vector<NodeId> outputs_;
};

bool is_computed(const Node& node);    // neither input, weight nor constant
int64_t columns_of(const Node& node);  // of its result: the last dimension
int64_t elements_of(const Node& node);
// The place among its inputs of the one whose rows are its own: ops that take rows by number have
// one for each of the numbers. Ops with inputs only.
size_t row_operand(const Node& node);

// Result type of a node whose inputs are in the graph, by the table's rule. kInvalidArgument says
// what was wanted and found.
Result<Type> infer_type(const Graph& graph, const Node& node);

// Every node: known op, arity, attributes, names, inputs before use, type as inferred; outputs
// exist. kInvalidArgument names the first bad node.
Status verify(const Graph& graph);

// One node a line: "%3 = matmul(%1, %2) : f32[4, 96]", the outputs last: "return %3". Numbers print
// as the shortest decimals that read back to the same bits: parse(print(g)) == g for every g that
// passes verify().
std::string print(const Graph& graph);
std::string print(const Graph& graph, NodeId id);  // its line
std::string print(const Type& type);               // "f32[4, 96]"

// Reads any bytes: a graph that passes verify(), or kInvalidArgument with the line at fault.
Result<Graph> parse(std::string_view text);

}  // namespace spyre::graph
