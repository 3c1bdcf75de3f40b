// First fit over a list of free ranges, in program order. Elementwise ops take over the place of an
// input that dies with them; any other result is placed before its inputs are freed, so no other op
// runs in place by accident.
#include "backend/eager/arena_plan.h"

#include <algorithm>
#include <map>

namespace spyre::backend {

namespace {

constexpr int64_t kAlignElements = 16;

class FreeList {
 public:
  int64_t take(int64_t elements) {
    for (auto range = free_.begin(); range != free_.end(); ++range) {
      const auto [begin, length] = *range;
      if (length < elements) continue;
      free_.erase(range);
      if (length > elements) free_.emplace(begin + elements, length - elements);
      return begin;
    }
    const int64_t begin = end_;
    end_ += elements;
    return begin;
  }

  void give_back(int64_t begin, int64_t elements) {
    auto next = free_.lower_bound(begin);
    if (next != free_.end() && begin + elements == next->first) {
      elements += next->second;
      next = free_.erase(next);
    }
    if (next != free_.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second == begin) {
        before->second += elements;
        return;
      }
    }
    free_.emplace(begin, elements);
  }

  int64_t end() const { return end_; }

 private:
  std::map<int64_t, int64_t> free_;  // begin -> length
  int64_t end_ = 0;
};

int64_t padded_elements(const graph::Node& node) {
  int64_t elements = 1;
  for (const int64_t dim : node.type.dims) elements *= dim;
  return (elements + kAlignElements - 1) / kAlignElements * kAlignElements;
}

bool is_computed(const graph::Node& node) {
  return node.op != graph::Op::kInput && node.op != graph::Op::kWeight &&
         node.op != graph::Op::kConstant;
}

// Ops whose kernels may write where they read.
bool runs_in_place(graph::Op op) {
  switch (op) {
    case graph::Op::kSilu:
    case graph::Op::kGelu:
    case graph::Op::kGeluTanh:
    case graph::Op::kRelu:
    case graph::Op::kTanh:
    case graph::Op::kScale:
    case graph::Op::kAdd:
    case graph::Op::kMul:
      return true;
    default:
      return false;
  }
}

}  // namespace

ArenaPlan plan_arena(const graph::Graph& graph) {
  const auto nodes = graph.nodes();
  std::vector<size_t> last_use(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    last_use[i] = i;
    for (const graph::NodeId input : nodes[i].inputs) last_use[static_cast<size_t>(input)] = i;
  }
  for (const graph::NodeId output : graph.outputs()) {
    last_use[static_cast<size_t>(output)] = nodes.size();
  }

  std::vector<std::vector<size_t>> dying(nodes.size() + 1);
  ArenaPlan plan;
  plan.offsets.assign(nodes.size(), -1);
  FreeList free_list;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (is_computed(nodes[i])) {
      // Inputs of an elementwise op are as large as its result.
      if (runs_in_place(nodes[i].op) && !dying[i].empty()) {
        plan.offsets[i] = plan.offsets[dying[i].back()];
        dying[i].pop_back();
      } else {
        plan.offsets[i] = free_list.take(padded_elements(nodes[i]));
      }
      dying[last_use[i]].push_back(i);
    }
    for (const size_t dead : dying[i]) {
      free_list.give_back(plan.offsets[dead], padded_elements(nodes[dead]));
    }
  }
  plan.elements = free_list.end();
  return plan;
}

}  // namespace spyre::backend
