#include "backend/native/native_backend.h"

#include <algorithm>
#include <utility>

#include "backend/native/autotune.h"
#include "backend/native/native_program.h"
#include "cache/sha256.h"

namespace spyre::backend {

namespace {

// Matrices are known to the passes by their formats; this is for vectors, and for all shapes.
Status check_weights(const graph::Graph& graph, const WeightSet& weights) {
  for (const graph::Node& node : graph.nodes()) {
    if (node.op == graph::Op::kWeight) SPYRE_TRY(check_weight(node, weights));
  }
  return {};
}

class NativeBackend final : public Backend {
 public:
  NativeBackend(const WeightSet& weights, const KvCache& kv_cache, ThreadPool& pool,
                NativeOptions options)
      : context_{.weights = weights,
                 .kv_cache = kv_cache,
                 .pool = pool,
                 .isa = options.isa,
                 .barrier = Barrier(pool.num_threads(), pool.crowded()),
                 .arena = {},
                 .prepared = {},
                 .private_scratch = {},
                 .ropes = {}},
        options_(std::move(options)),
        code_(options_.code.value_or(CodeOptions{})),
        formats_(weight_formats(weights)) {}

  Result<std::unique_ptr<Program>> prepare(const graph::Graph& graph,
                                           std::string_view name) override {
    SPYRE_TRY(check_weights(graph, context_.weights));
    SPYRE_TRY_ASSIGN(const compile::Module module,
                     compile::run_passes(graph, formats_, options_.passes));
    SPYRE_TRY_ASSIGN(compile::Program program,
                     compile::lower(module, kv_layout(context_.kv_cache.shape())));
    SPYRE_TRY(context_.reserve(scratch_of(program, context_.pool.num_threads())));
    CodeOrigin origin;
    if (options_.code) {
      const auto tuner = [this](const compile::Program& untuned, double seconds) {
        return autotune(context_, untuned, seconds);
      };
      SPYRE_TRY_ASSIGN(origin, code_.add(program, key_of(name, graph, module), tuner));
    }
    if (options_.observer) options_.observer(prepared(name, graph, module, program));
    auto prepared = std::make_unique<NativeProgram>(context_, std::move(program), code_, origin);
    if (options_.time_regions) prepared->time_phases();
    return prepared;
  }

  int64_t scratch_bytes() const override { return static_cast<int64_t>(context_.scratch.total()); }
  CodeReport code_report() const override { return code_.report(); }

 private:
  PreparedProgram prepared(std::string_view name, const graph::Graph& graph,
                           const compile::Module& module, const compile::Program& program) const {
    PreparedProgram result{
        .name = name, .graph = graph, .module = module, .program = program, .answers = {}};
    for (const compile::Routine& each : program.routines) {
      result.answers.push_back(code_.answer(each));
    }
    return result;
  }

  // Everything that the program's code depends on, beside the machine.
  cache::KeyFields key_of(std::string_view name, const graph::Graph& graph,
                          const compile::Module& module) const {
    std::string weights;
    for (const auto& [weight, format] : module.weights) {
      weights += fmt::format("{} {} {} {} {}\n", weight, static_cast<int>(format.format),
                             static_cast<int>(format.input), format.group_columns, format.ordered);
    }
    const compile::KvLayout kv = kv_layout(context_.kv_cache.shape());
    return {{{"program", std::string(name)},
             {"graph", cache::sha256_hex(graph::print(graph))},
             {"weights", cache::sha256_hex(weights)},
             {"kv", fmt::format("{} {} {} {} {}", spyre::name(kv.format), kv.layers, kv.kv_heads,
                                kv.head_dim, kv.block_stride)},
             {"passes", options_.passes.disabled.empty()
                            ? "all"
                            : fmt::format("without {}", fmt::join(options_.passes.disabled, ","))},
             {"isa", std::string(kernels::name(context_.isa))},
             {"code", std::string(compile::code_version())}}};
  }

  NativeContext context_;
  const NativeOptions options_;
  CodeStore code_;
  const compile::WeightFormats formats_;
};

}  // namespace

compile::WeightFormats weight_formats(const WeightSet& weights) {
  compile::WeightFormats formats;
  for (const auto& [name, weight] : weights) {
    if (weight.matrices.empty()) continue;
    formats.emplace(name, compile::WeightFormat{.format = weight.matrices[0].format,
                                                .input = weight.input,
                                                .group_columns = weight.matrices[0].group_columns,
                                                .ordered = !weight.input_order.empty()});
  }
  return formats;
}

compile::KvLayout kv_layout(const KvCacheShape& shape) {
  return {.format = shape.format,
          .layers = shape.layers,
          .kv_heads = shape.kv_heads,
          .head_dim = shape.head_dim,
          .block_stride = shape.block_bytes()};
}

void NativeScratch::cover(const NativeScratch& other) {
  arena = std::max(arena, other.arena);
  prepared = std::max(prepared, other.prepared);
  private_bytes = std::max(private_bytes, other.private_bytes);
  ropes = std::max(ropes, other.ropes);
}

NativeScratch scratch_of(const compile::Program& program, int threads) {
  constexpr int64_t kLine = 64;
  const int64_t own = program.private_bytes + compile::kRecomputeRows * program.private_row_bytes;
  int64_t rope_floats = 0;
  for (const compile::RopeUse& rope : program.ropes) {
    rope_floats += 2 * rope.rows * static_cast<int64_t>(rope.frequencies.size());
  }
  return {.arena = static_cast<size_t>(program.arena_bytes),
          .prepared = static_cast<size_t>(program.prepared_bytes),
          .private_bytes = static_cast<size_t>((own + kLine - 1) / kLine * kLine * threads),
          .ropes = static_cast<size_t>(rope_floats) * sizeof(float)};
}

Result<NativeScratch> plan_native_scratch(const graph::Graph& graph, const WeightSet& weights,
                                          const KvCacheShape& kv_cache, int threads,
                                          const compile::PipelineOptions& passes) {
  SPYRE_TRY(check_weights(graph, weights));
  SPYRE_TRY_ASSIGN(const compile::Module module,
                   compile::run_passes(graph, weight_formats(weights), passes));
  SPYRE_TRY_ASSIGN(const compile::Program program, compile::lower(module, kv_layout(kv_cache)));
  return scratch_of(program, threads);
}

std::unique_ptr<Backend> create_native_backend(const WeightSet& weights, const KvCache& kv_cache,
                                               ThreadPool& pool, NativeOptions options) {
  return std::make_unique<NativeBackend>(weights, kv_cache, pool, std::move(options));
}

}  // namespace spyre::backend
