#include "model/oracle/interpreter.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <span>

namespace spyre::model::oracle {

namespace {

using graph::Attribute;
using graph::Graph;
using graph::Node;
using graph::NodeId;
using graph::Op;
using Row = std::span<const double>;

size_t rows_of(const Node& node) { return static_cast<size_t>(node.type.dims[0]); }
size_t width_of(const Node& node) { return static_cast<size_t>(node.type.dims.back()); }
size_t whole(const Node& node, Attribute attribute) {
  return static_cast<size_t>(node.integer(attribute));
}

double dot(Row a, Row b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

double activate(Op op, double x) {
  const double root_two_over_pi = std::sqrt(2.0 / std::acos(-1.0));
  switch (op) {
    case Op::kSilu:
      return x / (1.0 + std::exp(-x));
    case Op::kGelu:
      return 0.5 * x * (1.0 + std::erf(x / std::sqrt(2.0)));
    case Op::kGeluTanh:
      return 0.5 * x * (1.0 + std::tanh(root_two_over_pi * (x + 0.044715 * x * x * x)));
    case Op::kRelu:
      return std::max(x, 0.0);
    default:
      return std::tanh(x);
  }
}

void softmax(Values& scores) {
  const double largest = *std::ranges::max_element(scores);
  double sum = 0;
  for (double& each : scores) sum += each = std::exp(each - largest);
  for (double& each : scores) each /= sum;
}

// T5's buckets, by trying: the first whose end lies beyond the distance.
size_t bucket_of(int64_t distance, size_t buckets) {
  const size_t half = buckets / 2;
  const size_t exact = half / 2;
  const auto far = static_cast<double>(std::abs(distance));
  size_t bucket = 0;
  const auto end = [&](size_t each) {
    if (each < exact) return static_cast<double>(each + 1);
    const double share = static_cast<double>(each + 1 - exact) / static_cast<double>(half - exact);
    return static_cast<double>(exact) * std::pow(128.0 / static_cast<double>(exact), share);
  };
  while (bucket + 1 < half && far >= end(bucket) - 1e-9) ++bucket;
  return (distance > 0 ? half : 0) + bucket;
}

// One run of one graph. Values are by node; integer nodes keep theirs apart.
class Run {
 public:
  Run(const Graph& graph, KvCache& cache) : graph_(graph), cache_(cache) {}

  void set(NodeId id, Values values) { values_[id] = std::move(values); }
  void set(NodeId id, std::vector<int32_t> integers) { integers_[id] = std::move(integers); }
  const Values& values(NodeId id) { return values_[id]; }

  void compute(NodeId id) {
    const Node& node = graph_.node(id);
    if (node.op == Op::kAddOffset) {
      std::vector<int32_t> ids = integers_.at(node.inputs[0]);
      for (int32_t& each : ids) each += static_cast<int32_t>(node.integer(Attribute::kOffset));
      set(id, std::move(ids));
    } else {
      set(id, evaluate(node));
    }
  }

 private:
  const Values& input(const Node& node, size_t i) { return values_.at(node.inputs[i]); }
  const std::vector<int32_t>& ids(const Node& node, size_t i) {
    return integers_.at(node.inputs[i]);
  }
  size_t input_columns(const Node& node, size_t i) { return width_of(graph_.node(node.inputs[i])); }
  Row row(const Node& node, size_t i, size_t index) {
    const size_t columns = input_columns(node, i);
    return Row(input(node, i)).subspan(index * columns, columns);
  }

  Values evaluate(const Node& node);
  Values rows_named(const Node& node, const std::vector<int32_t>& rows);
  Values pool(const Node& node);
  Values matmul(const Node& node);
  Values norm(const Node& node);
  Values rope(const Node& node);
  Values attention(const Node& node);
  Values attention_both_ways(const Node& node);
  Values attend_row(const Node& node, size_t t, const CachedRows& cached);
  Values slices(const Node& node, size_t run);
  Values moe_mlp(const Node& node);
  Values expert(const Node& node, Row x, size_t index);

  const Graph& graph_;
  KvCache& cache_;
  std::map<NodeId, Values> values_;
  std::map<NodeId, std::vector<int32_t>> integers_;
};

Values Run::evaluate(const Node& node) {
  const auto map = [&](auto&& function) {
    Values out = input(node, 0);
    for (double& each : out) each = function(each);
    return out;
  };
  const auto zip = [&](auto&& function) {
    Values out = input(node, 0);
    std::ranges::transform(out, input(node, 1), out.begin(), function);
    return out;
  };
  switch (node.op) {
    case Op::kEmbed:
    case Op::kGatherRows:
      return rows_named(node, ids(node, 1));
    case Op::kMeanPool:
    case Op::kMaxPool:
      return pool(node);
    case Op::kMatmul:
      return matmul(node);
    case Op::kRmsNorm:
    case Op::kLayerNorm:
      return norm(node);
    case Op::kRope:
      return rope(node);
    case Op::kAttention:
      return attention(node);
    case Op::kScale:
      return map([factor = node.real(Attribute::kFactor)](double x) { return x * factor; });
    case Op::kAdd:
      return zip(std::plus());
    case Op::kMul:
      return zip(std::multiplies());
    case Op::kSlice:
      return slices(node, input_columns(node, 0));
    case Op::kSliceHeads:
      return slices(node, whole(node, Attribute::kHeadDim));
    case Op::kMoeMlp:
      return moe_mlp(node);
    default:
      return map([op = node.op](double x) { return activate(op, x); });
  }
}

Values Run::rows_named(const Node& node, const std::vector<int32_t>& rows) {
  Values out;
  for (const int32_t each : rows) {
    const Row values = row(node, 0, static_cast<size_t>(each));
    out.insert(out.end(), values.begin(), values.end());
  }
  return out;
}

Values Run::matmul(const Node& node) {
  Values out;
  for (size_t t = 0; t < rows_of(node); ++t) {
    for (size_t n = 0; n < width_of(node); ++n) {
      const double bias = node.inputs.size() > 2 ? input(node, 2)[n] : 0.0;
      out.push_back(dot(row(node, 0, t), row(node, 1, n)) + bias);
    }
  }
  return out;
}

Values Run::norm(const Node& node) {
  Values out = input(node, 0);
  const Values& w = input(node, 1);
  const bool centred = node.op == Op::kLayerNorm;
  const double offset = centred ? 0.0 : node.real(Attribute::kOffset);
  const auto length = static_cast<double>(w.size());
  for (size_t at = 0; at < out.size(); at += w.size()) {
    const std::span<double> run(out.data() + at, w.size());
    const double mean = centred ? std::accumulate(run.begin(), run.end(), 0.0) / length : 0.0;
    for (double& each : run) each -= mean;
    const double deviation = std::sqrt(dot(run, run) / length + node.real(Attribute::kEps));
    for (size_t i = 0; i < run.size(); ++i) {
      const double bias = node.inputs.size() > 2 ? input(node, 2)[i] : 0.0;
      run[i] = run[i] / deviation * (w[i] + offset) + bias;
    }
  }
  return out;
}

Values Run::rope(const Node& node) {
  Values out = input(node, 0);
  const Values& frequencies = input(node, 2);
  const double factor = node.real(Attribute::kFactor);
  const size_t half = frequencies.size();
  for (size_t t = 0; t < rows_of(node); ++t) {
    for (size_t at = 0; at < width_of(node); at += whole(node, Attribute::kHeadDim)) {
      double* head = out.data() + t * width_of(node) + at;
      for (size_t i = 0; i < half; ++i) {
        const double angle = ids(node, 1)[t] * frequencies[i];
        const double cosine = std::cos(angle) * factor;
        const double sine = std::sin(angle) * factor;
        const double a = head[i];
        const double b = head[i + half];
        head[i] = a * cosine - b * sine;
        head[i + half] = b * cosine + a * sine;
      }
    }
  }
  return out;
}

Values Run::pool(const Node& node) {
  Values out;
  for (size_t r = 0; r < ids(node, 1).size(); ++r) {
    const auto first = static_cast<size_t>(ids(node, 1)[r]);
    const auto count = static_cast<size_t>(ids(node, 2)[r]);
    for (size_t c = 0; c < width_of(node); ++c) {
      double sum = 0;
      double largest = row(node, 0, first)[c];
      for (size_t t = first; t < first + count; ++t) {
        sum += row(node, 0, t)[c];
        largest = std::max(largest, row(node, 0, t)[c]);
      }
      out.push_back(node.op == Op::kMeanPool ? sum / static_cast<double>(count) : largest);
    }
  }
  return out;
}

// All keys of a step are there before the first query of it looks.
Values Run::attention_both_ways(const Node& node) {
  Values out;
  for (size_t t = 0; t < rows_of(node); ++t) {
    CachedRows& cached = cache_[{node.integer(Attribute::kLayer), ids(node, 4)[t]}];
    const auto position = static_cast<size_t>(ids(node, 3)[t]);
    cached.keys.resize(position);
    cached.values.resize(position);
    const Row k = row(node, 1, t);
    const Row v = row(node, 2, t);
    cached.keys.emplace_back(k.begin(), k.end());
    cached.values.emplace_back(v.begin(), v.end());
  }
  for (size_t t = 0; t < rows_of(node); ++t) {
    const int32_t sequence = ids(node, 4)[t];
    const CachedRows& cached = cache_[{node.integer(Attribute::kLayer), sequence}];
    const Values attended = attend_row(node, t, cached);
    out.insert(out.end(), attended.begin(), attended.end());
  }
  return out;
}

Values Run::attention(const Node& node) {
  if (node.inputs.size() > 6) return attention_both_ways(node);
  Values out;
  for (size_t t = 0; t < rows_of(node); ++t) {
    CachedRows& cached = cache_[{node.integer(Attribute::kLayer), ids(node, 4)[t]}];
    const auto position = static_cast<size_t>(ids(node, 3)[t]);
    const Row k = row(node, 1, t);
    const Row v = row(node, 2, t);
    cached.keys.resize(position);
    cached.values.resize(position);
    cached.keys.emplace_back(k.begin(), k.end());
    cached.values.emplace_back(v.begin(), v.end());
    const Values attended = attend_row(node, t, cached);
    out.insert(out.end(), attended.begin(), attended.end());
  }
  return out;
}

// The newest cached position is the row's own.
Values Run::attend_row(const Node& node, size_t t, const CachedRows& cached) {
  const size_t width = whole(node, Attribute::kHeadDim);
  const size_t heads = width_of(node) / width;
  const size_t heads_per_group = heads / whole(node, Attribute::kKvHeads);
  const size_t window = whole(node, Attribute::kWindow);
  const double softcap = node.real(Attribute::kSoftcap);
  const size_t length = cached.keys.size();
  const size_t first = window > 0 && length > window ? length - window : 0;
  Values out(width_of(node));
  for (size_t h = 0; h < heads; ++h) {
    const size_t group = h / heads_per_group * width;
    const Row q = row(node, 0, t).subspan(h * width, width);
    Values scores;
    for (size_t s = first; s < length; ++s) {
      double score =
          node.real(Attribute::kScale) * dot(q, Row(cached.keys[s]).subspan(group, width));
      if (softcap > 0) score = softcap * std::tanh(score / softcap);
      if (node.inputs.size() > 7) {
        const auto distance = static_cast<int64_t>(s) - ids(node, 3)[t];
        const size_t buckets = input(node, 7).size() / heads;
        score += input(node, 7)[bucket_of(distance, buckets) * heads + h];
      }
      scores.push_back(score);
    }
    softmax(scores);
    for (size_t s = first; s < length; ++s) {
      for (size_t d = 0; d < width; ++d) {
        out[h * width + d] += scores[s - first] * cached.values[s][group + d];
      }
    }
  }
  return out;
}

Values Run::slices(const Node& node, size_t run) {
  const Values& x = input(node, 0);
  const size_t begin = whole(node, Attribute::kBegin);
  Values out;
  for (size_t at = 0; at < x.size(); at += run) {
    for (size_t i = 0; i < whole(node, Attribute::kLength); ++i) out.push_back(x[at + begin + i]);
  }
  return out;
}

Values Run::moe_mlp(const Node& node) {
  const auto top_k = static_cast<ptrdiff_t>(whole(node, Attribute::kTopK));
  Values out;
  for (size_t t = 0; t < rows_of(node); ++t) {
    const Row logits = row(node, 1, t);
    std::vector<size_t> experts(logits.size());
    std::iota(experts.begin(), experts.end(), size_t{0});
    std::ranges::sort(experts, std::greater(), [&](size_t e) { return logits[e]; });
    Values weights;
    for (ptrdiff_t i = 0; i < top_k; ++i)
      weights.push_back(logits[experts[static_cast<size_t>(i)]]);
    softmax(weights);
    Values sum(width_of(node));
    for (size_t i = 0; i < weights.size(); ++i) {
      const Values result = expert(node, row(node, 0, t), experts[i]);
      for (size_t c = 0; c < sum.size(); ++c) sum[c] += weights[i] * result[c];
    }
    out.insert(out.end(), sum.begin(), sum.end());
  }
  return out;
}

Values Run::expert(const Node& node, Row x, size_t index) {
  const size_t hidden = input_columns(node, 0);
  const size_t inner = input_columns(node, 3);
  const auto activation = static_cast<Op>(node.integer(Attribute::kActivation));
  Values middle;
  for (size_t i = 0; i < inner; ++i) {
    const double gate = dot(x, row(node, 2, index * 2 * inner + i));
    const double up = dot(x, row(node, 2, index * 2 * inner + inner + i));
    middle.push_back(activate(activation, gate) * up);
  }
  Values out;
  for (size_t c = 0; c < hidden; ++c) out.push_back(dot(middle, row(node, 3, index * hidden + c)));
  return out;
}

}  // namespace

Values Interpreter::run(const Graph& graph, const Inputs& inputs) {
  Run run(graph, cache_);
  for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    const Node& node = graph.node(id);
    if (node.op == Op::kInput) {
      run.set(id, inputs.find(node.name)->second);
    } else if (node.op == Op::kConstant) {
      run.set(id, Values(node.values.begin(), node.values.end()));
    } else if (node.op == Op::kWeight) {
      const auto [known, is_new] = weights_.try_emplace(node.name);
      if (is_new) known->second = read_weight_(node);
      run.set(id, known->second);
    } else {
      run.compute(id);
    }
  }
  return run.values(graph.outputs()[0]);
}

}  // namespace spyre::model::oracle
