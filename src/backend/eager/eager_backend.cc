// A Program keeps, per node, where its value is: an input span of the step, a weight, a constant,
// or a place in the arena. run() walks the nodes in order. What several nodes share is computed
// once: rope tables per step, and the prepared matmul input of nodes that follow each other with
// the same x (q, k and v; gate and up).
#include "backend/eager/eager_backend.h"

#include <algorithm>
#include <string_view>

#include "backend/eager/arena_plan.h"
#include "backend/eager/attention.h"
#include "backend/eager/context.h"
#include "backend/eager/matmul.h"
#include "backend/eager/moe.h"
#include "backend/eager/rope_table.h"
#include "backend/eager/scratch_plan.h"
#include "backend/relative_bias.h"
#include "base/flush_denormals.h"
#include "compile/program.h"

namespace spyre::backend {

namespace {

using graph::Attribute;
using graph::Graph;
using graph::Node;
using graph::NodeId;
using graph::Op;

std::span<const int32_t> step_input(const StepInputs& inputs, size_t index) {
  switch (index) {
    case 0:
      return inputs.tokens;
    case 1:
      return inputs.positions;
    case 2:
      return inputs.sequences;
    case 3:
      return inputs.block_table;
    case 4:
      return inputs.output_rows;
    case 5:
      return inputs.token_types;
    case 6:
      return inputs.lengths;
    default:
      return inputs.position_ids;
  }
}

// Of the graph: the most that a step may have.
int64_t row_capacity(const Node& node) { return node.type.dims[0]; }

// One use of rope frequencies: layers that share them share the table.
struct RopeTable {
  NodeId first_use;  // the node that fills it
  NodeId positions;
  NodeId frequencies;
  float factor;
  std::vector<float> cosines;  // [rows, rotary / 2]
  std::vector<float> sines;
};

class EagerProgram final : public Program {
 public:
  EagerProgram(EagerContext& context, const Graph& graph)
      : context_(context), graph_(graph), plan_(plan_arena(graph_)) {}

  Status prepare();
  std::span<float> run(const StepInputs& inputs) override;

 private:
  Status bind_input(NodeId id);
  void follow_rows(NodeId id);
  Status reserve_scratch();
  void add_rope_table(NodeId id);
  Status add_relative_bias(const Node& attention);

  float* value(NodeId id) { return context_.arena.as<float>() + plan_.offsets[index(id)]; }
  const int32_t* integers(NodeId id);
  const Weight& weight(NodeId id) const { return *weights_[index(id)]; }
  static size_t index(NodeId id) { return static_cast<size_t>(id); }
  // Of the running step: as many as the input has that the node's rows come from.
  int64_t rows_of(const Node& node) const {
    const size_t input = row_input_[static_cast<size_t>(&node - graph_.nodes().data())];
    return static_cast<int64_t>(step_input(inputs_, input).size());
  }

  void execute(NodeId id, const Node& node);
  void embed(const Node& node, float* out);
  void matmul(const Node& node, float* out);
  void norm(const Node& node, float* out);
  void rope(NodeId id, const Node& node, float* out);
  void attention(const Node& node, float* out);
  void moe(const Node& node, float* out);
  void slice(const Node& node, float* out);
  void gather_rows(const Node& node, float* out);
  void pool(const Node& node, float* out);
  template <typename Function>
  void elementwise(const Node& node, Function&& function);
  void (*activation(Op op) const)(const float*, float*, int64_t);

  EagerContext& context_;
  const Graph graph_;
  const ArenaPlan plan_;
  std::vector<const Weight*> weights_;  // per node
  std::vector<size_t> input_index_;     // per node: of kStepInputs
  std::vector<size_t> row_input_;       // per computed node: the input whose length is its rows
  std::vector<size_t> rope_table_of_;   // per node
  std::vector<RopeTable> rope_tables_;
  const Weight* relative_weight_ = nullptr;
  std::vector<float> relative_bias_;      // of attention; empty: it has none
  StepInputs inputs_;                     // of the running step
  NodeId prepared_source_ = -1;           // whose value context_.prepared_input holds, for
  const Weight* prepared_for_ = nullptr;  // weights with this one's input type and order
};

Status EagerProgram::bind_input(NodeId id) {
  const Node& node = graph_.node(id);
  const auto found = std::ranges::find(compile::kStepInputs, node.name);
  if (found == compile::kStepInputs.end()) {
    return error(Code::kInvalidArgument, "graph input '{}': the eager backend has no such input",
                 node.name);
  }
  input_index_[index(id)] = static_cast<size_t>(found - compile::kStepInputs.begin());
  row_input_[index(id)] = input_index_[index(id)];
  return {};
}

void EagerProgram::follow_rows(NodeId id) {
  const Node& node = graph_.node(id);
  if (node.inputs.empty()) return;
  row_input_[index(id)] = row_input_[index(node.inputs[row_operand(node)])];
}

Status EagerProgram::reserve_scratch() {
  SPYRE_TRY_ASSIGN(const ScratchPlan scratch,
                   plan_scratch(graph_, context_.weights, context_.kv_cache.shape(),
                                context_.pool.num_threads()));
  SPYRE_TRY(context_.arena.reserve(scratch.arena));
  SPYRE_TRY(context_.prepared_input.reserve(scratch.prepared_input));
  SPYRE_TRY(context_.reordered_input.reserve(scratch.reordered_input));
  SPYRE_TRY(context_.attention.reserve(scratch.attention));
  return context_.experts.reserve(scratch.experts);
}

void EagerProgram::add_rope_table(NodeId id) {
  const Node& node = graph_.node(id);
  const auto factor = static_cast<float>(node.real(Attribute::kFactor));
  const auto same = [&](const RopeTable& table) {
    return table.positions == node.inputs[1] && table.frequencies == node.inputs[2] &&
           table.factor == factor;
  };
  const auto found = std::ranges::find_if(rope_tables_, same);
  rope_table_of_[index(id)] = static_cast<size_t>(found - rope_tables_.begin());
  if (found != rope_tables_.end()) return;
  const auto entries =
      static_cast<size_t>(row_capacity(node) * columns_of(graph_.node(node.inputs[2])));
  rope_tables_.push_back({.first_use = id,
                          .positions = node.inputs[1],
                          .frequencies = node.inputs[2],
                          .factor = factor,
                          .cosines = std::vector<float>(entries),
                          .sines = std::vector<float>(entries)});
}

// One for all layers, as the compiled programs have it.
Status EagerProgram::add_relative_bias(const Node& attention) {
  if (attention.inputs.size() < 8) return {};
  const Weight& buckets = weight(attention.inputs[7]);
  if (relative_weight_ != nullptr && relative_weight_ != &buckets) {
    return error(Code::kUnsupported, "attention: biases of two weights, wanted one for all layers");
  }
  if (relative_weight_ == nullptr) {
    const int64_t blocks = columns_of(graph_.node(attention.inputs[5]));
    relative_bias_ = relative_bias(buckets, blocks * kernels::kKvBlockTokens);
  }
  relative_weight_ = &buckets;
  return {};
}

Status EagerProgram::prepare() {
  SPYRE_TRY(reserve_scratch());  // knows all weights of the graph from here on
  const size_t count = graph_.nodes().size();
  weights_.assign(count, nullptr);
  input_index_.assign(count, 0);
  row_input_.assign(count, 0);
  rope_table_of_.assign(count, 0);
  for (NodeId id = 0; id < static_cast<NodeId>(count); ++id) {
    const Node& node = graph_.node(id);
    if (node.op == Op::kInput) SPYRE_TRY(bind_input(id));
    follow_rows(id);
    if (node.op == Op::kWeight) weights_[index(id)] = &context_.weights.find(node.name)->second;
    if (node.op == Op::kRope) add_rope_table(id);
    if (node.op == Op::kAttention) SPYRE_TRY(add_relative_bias(node));
  }
  return {};
}

const int32_t* EagerProgram::integers(NodeId id) {
  if (graph_.node(id).op == Op::kInput) return step_input(inputs_, input_index_[index(id)]).data();
  return reinterpret_cast<const int32_t*>(value(id));
}

std::span<float> EagerProgram::run(const StepInputs& inputs) {
  const FlushDenormals flush;
  inputs_ = inputs;
  prepared_source_ = -1;
  for (NodeId id = 0; id < static_cast<NodeId>(graph_.nodes().size()); ++id) {
    const Node& node = graph_.node(id);
    if (node.op == Op::kInput) {
      const size_t found = step_input(inputs_, input_index_[index(id)]).size();
      SPYRE_CHECK(found > 0 && found <= static_cast<size_t>(elements_of(node)));
    } else if (plan_.offsets[index(id)] >= 0) {
      execute(id, node);
    }
  }
  const NodeId output = graph_.outputs()[0];
  const Node& logits = graph_.node(output);
  return {value(output), static_cast<size_t>(rows_of(logits) * columns_of(logits))};
}

void EagerProgram::embed(const Node& node, float* out) {
  const kernels::PackedMatrix& table = weight(node.inputs[0]).matrices[0];
  const int32_t* ids = integers(node.inputs[1]);
  const int64_t columns = columns_of(node);
  context_.for_rows(rows_of(node), columns, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      kernels::unpack_row(table, ids[row], out + row * columns);
    }
  });
}

void EagerProgram::matmul(const Node& node, float* out) {
  const NodeId x = node.inputs[0];
  const Weight& w = weight(node.inputs[1]);
  const float* bias = node.inputs.size() > 2 ? weight(node.inputs[2]).values.data() : nullptr;
  auto* prepared = context_.prepared_input.as<std::byte>();
  const bool reusable = prepared_source_ == x && prepared_for_->input == w.input &&
                        prepared_for_->input_order.empty() && w.input_order.empty();
  if (!reusable) {
    prepare_input(context_, w, value(x), rows_of(node), w.shape[1], prepared);
    prepared_source_ = x;
    prepared_for_ = &w;
  }
  matmul_prepared(context_, w.matrices[0], w.input, prepared, rows_of(node), bias, out);
}

void EagerProgram::norm(const Node& node, float* out) {
  const float* x = value(node.inputs[0]);
  const std::vector<float>& w = weight(node.inputs[1]).values;
  const auto length = static_cast<int64_t>(w.size());
  const auto eps = static_cast<float>(node.real(Attribute::kEps));
  if (node.op == Op::kRmsNorm) {
    const auto offset = static_cast<float>(node.real(Attribute::kOffset));
    context_.for_rows(rows_of(node) * columns_of(node) / length, 4 * length,
                      [&](int64_t begin, int64_t end) {
                        for (int64_t run = begin; run < end; ++run) {
                          context_.kernels.rms_norm(x + run * length, w.data(), out + run * length,
                                                    length, eps, offset);
                        }
                      });
    return;
  }
  const float* bias = node.inputs.size() > 2 ? weight(node.inputs[2]).values.data() : nullptr;
  context_.for_rows(rows_of(node), 6 * length, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      context_.kernels.layer_norm(x + row * length, w.data(), bias, out + row * length, length,
                                  eps);
    }
  });
}

void EagerProgram::rope(NodeId id, const Node& node, float* out) {
  const float* x = value(node.inputs[0]);
  RopeTable& table = rope_tables_[rope_table_of_[index(id)]];
  const std::span<const float> frequencies = graph_.node(table.frequencies).values;
  const int64_t rows = rows_of(node);
  if (table.first_use == id) {
    fill_rope_table({integers(table.positions), static_cast<size_t>(rows)}, frequencies,
                    table.factor, table.cosines.data(), table.sines.data());
  }
  const auto half = static_cast<int64_t>(frequencies.size());
  const int64_t head_dim = node.integer(Attribute::kHeadDim);
  const int64_t columns = columns_of(node);
  context_.for_rows(rows, 2 * columns, [&](int64_t begin, int64_t end) {
    std::copy(x + begin * columns, x + end * columns, out + begin * columns);
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t at = 0; at < columns; at += head_dim) {
        context_.kernels.rope(out + row * columns + at, table.cosines.data() + row * half,
                              table.sines.data() + row * half, 2 * half);
      }
    }
  });
}

void EagerProgram::attention(const Node& node, float* out) {
  run_attention(context_, {.q = value(node.inputs[0]),
                           .k = value(node.inputs[1]),
                           .v = value(node.inputs[2]),
                           .out = out,
                           .rows = rows_of(node),
                           .heads = columns_of(node) / node.integer(Attribute::kHeadDim),
                           .layer = node.integer(Attribute::kLayer),
                           .positions = integers(node.inputs[3]),
                           .sequences = integers(node.inputs[4]),
                           .block_table = integers(node.inputs[5]),
                           .max_blocks = columns_of(graph_.node(node.inputs[5])),
                           .scale = static_cast<float>(node.real(Attribute::kScale)),
                           .softcap = static_cast<float>(node.real(Attribute::kSoftcap)),
                           .window = node.integer(Attribute::kWindow),
                           .lengths = node.inputs.size() > 6 ? integers(node.inputs[6]) : nullptr,
                           .bias = relative_bias_});
}

void EagerProgram::moe(const Node& node, float* out) {
  run_moe(context_,
          {.x = value(node.inputs[0]),
           .router_logits = value(node.inputs[1]),
           .w_in = &weight(node.inputs[2]),
           .w_out = &weight(node.inputs[3]),
           .out = out,
           .rows = rows_of(node),
           .top_k = node.integer(Attribute::kTopK),
           .activation = activation(static_cast<Op>(node.integer(Attribute::kActivation)))});
}

// Both slices: a plain one takes its columns out of one run, the whole row.
void EagerProgram::slice(const Node& node, float* out) {
  const int64_t source_columns = columns_of(graph_.node(node.inputs[0]));
  const bool heads = node.op == Op::kSliceHeads;
  const int64_t run = heads ? node.integer(Attribute::kHeadDim) : source_columns;
  const int64_t length = node.integer(Attribute::kLength);
  const float* x = value(node.inputs[0]) + node.integer(Attribute::kBegin);
  const int64_t runs = rows_of(node) * (source_columns / run);
  for (int64_t i = 0; i < runs; ++i) std::copy_n(x + i * run, length, out + i * length);
}

void EagerProgram::gather_rows(const Node& node, float* out) {
  const float* x = value(node.inputs[0]);
  const int32_t* rows = integers(node.inputs[1]);
  const int64_t columns = columns_of(node);
  for (int64_t row = 0; row < rows_of(node); ++row) {
    std::copy_n(x + rows[row] * columns, columns, out + row * columns);
  }
}

void EagerProgram::pool(const Node& node, float* out) {
  const float* x = value(node.inputs[0]);
  const int32_t* firsts = integers(node.inputs[1]);
  const int32_t* lengths = integers(node.inputs[2]);
  const int64_t columns = columns_of(node);
  const auto pooled =
      node.op == Op::kMeanPool ? context_.kernels.mean_rows : context_.kernels.max_rows;
  for (int64_t row = 0; row < rows_of(node); ++row) {
    pooled(x + firsts[row] * columns, out + row * columns, lengths[row], columns);
  }
}

// function(begin, count) on ranges of the flat elements.
template <typename Function>
void EagerProgram::elementwise(const Node& node, Function&& function) {
  const int64_t columns = columns_of(node);
  context_.for_rows(rows_of(node), 2 * columns, [&](int64_t begin, int64_t end) {
    function(begin * columns, (end - begin) * columns);
  });
}

void (*EagerProgram::activation(Op op) const)(const float*, float*, int64_t) {
  switch (op) {
    case Op::kSilu:
      return context_.kernels.silu;
    case Op::kGelu:
      return context_.kernels.gelu;
    case Op::kGeluTanh:
      return context_.kernels.gelu_tanh;
    case Op::kRelu:
      return context_.kernels.relu;
    default:
      return context_.kernels.tanh;
  }
}

void EagerProgram::execute(NodeId id, const Node& node) {
  float* out = value(id);
  switch (node.op) {
    case Op::kInput:
    case Op::kWeight:
    case Op::kConstant:
      return;
    case Op::kEmbed:
      return embed(node, out);
    case Op::kMatmul:
      return matmul(node, out);
    case Op::kRmsNorm:
    case Op::kLayerNorm:
      return norm(node, out);
    case Op::kRope:
      return rope(id, node, out);
    case Op::kAttention:
      return attention(node, out);
    case Op::kMoeMlp:
      return moe(node, out);
    case Op::kSlice:
    case Op::kSliceHeads:
      return slice(node, out);
    case Op::kGatherRows:
      return gather_rows(node, out);
    case Op::kMeanPool:
    case Op::kMaxPool:
      return pool(node, out);
    case Op::kSilu:
    case Op::kGelu:
    case Op::kGeluTanh:
    case Op::kRelu:
    case Op::kTanh:
      return elementwise(node, [&, x = value(node.inputs[0]), function = activation(node.op)](
                                   int64_t at, int64_t n) { function(x + at, out + at, n); });
    case Op::kAdd:
    case Op::kMul: {
      const float* a = value(node.inputs[0]);
      const float* b = value(node.inputs[1]);
      const auto function = node.op == Op::kAdd ? context_.kernels.add : context_.kernels.mul;
      return elementwise(node,
                         [&](int64_t at, int64_t n) { function(a + at, b + at, out + at, n); });
    }
    case Op::kScale: {
      const float* x = value(node.inputs[0]);
      const auto factor = static_cast<float>(node.real(Attribute::kFactor));
      return elementwise(node, [&](int64_t at, int64_t n) {
        context_.kernels.scale(x + at, factor, out + at, n);
      });
    }
    case Op::kAddOffset: {
      const int32_t* ids = integers(node.inputs[0]);
      const auto offset = static_cast<int32_t>(node.integer(Attribute::kOffset));
      auto* sums = reinterpret_cast<int32_t*>(out);
      std::transform(ids, ids + rows_of(node), sums,
                     [offset](int32_t each) { return each + offset; });
      return;
    }
  }
}

class EagerBackend final : public Backend {
 public:
  EagerBackend(const WeightSet& weights, const KvCache& kv_cache, ThreadPool& pool,
               kernels::Isa isa)
      : context_{.weights = weights,
                 .kv_cache = kv_cache,
                 .pool = pool,
                 .kernels = kernels::kernel_table(isa),
                 .arena = {},
                 .prepared_input = {},
                 .reordered_input = {},
                 .attention = {},
                 .experts = {}} {}

  Result<std::unique_ptr<Program>> prepare(const Graph& graph, std::string_view) override {
    SPYRE_TRY(graph::verify(graph));
    if (graph.outputs().size() != 1) {
      return error(Code::kInvalidArgument, "the eager backend runs graphs with one output, not {}",
                   graph.outputs().size());
    }
    auto program = std::make_unique<EagerProgram>(context_, graph);
    SPYRE_TRY(program->prepare());
    return program;
  }

  int64_t scratch_bytes() const override {
    size_t bytes = 0;
    for (const Scratch* each :
         {&context_.arena, &context_.prepared_input, &context_.reordered_input, &context_.attention,
          &context_.experts}) {
      bytes += each->bytes();
    }
    return static_cast<int64_t>(bytes);
  }

 private:
  EagerContext context_;
};

}  // namespace

std::unique_ptr<Backend> create_eager_backend(const WeightSet& weights, const KvCache& kv_cache,
                                              ThreadPool& pool, kernels::Isa isa) {
  return std::make_unique<EagerBackend>(weights, kv_cache, pool, isa);
}

}  // namespace spyre::backend
