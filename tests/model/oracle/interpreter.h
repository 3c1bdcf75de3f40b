// A graph interpreter that is nothing but the op table's formulas: double precision, one loop per
// formula, no kernels, no paging, no packing. Slow on purpose; it shares no code with the backends,
// so a fixture that it gets right proves the builder, the families and the checkpoint reader.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace spyre::model::oracle {

using Values = std::vector<double>;
using Inputs = std::map<std::string, std::vector<int32_t>, std::less<>>;
// All elements of the weight that a node names, row-major.
using ReadWeight = std::function<Values(const graph::Node& weight)>;

// Keys and values of one sequence in one layer, a row of kv_heads * head_dim per position.
struct CachedRows {
  std::vector<Values> keys;
  std::vector<Values> values;
};
using KvCache = std::map<std::pair<int64_t, int32_t>, CachedRows>;  // by layer and sequence

class Interpreter {
 public:
  explicit Interpreter(ReadWeight read_weight) : read_weight_(std::move(read_weight)) {}

  // The graph's first output. Weights are read once per name; the KV cache goes on from the runs
  // before: positions of a sequence come in order.
  Values run(const graph::Graph& graph, const Inputs& inputs);

  void forget_sequences() { cache_.clear(); }

 private:
  ReadWeight read_weight_;
  std::map<std::string, Values, std::less<>> weights_;
  KvCache cache_;
};

}  // namespace spyre::model::oracle
