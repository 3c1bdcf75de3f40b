#include "runner/model_runner.h"

#include <algorithm>

#include "backend/eager/eager_backend.h"

namespace spyre::runner {

namespace {

// Prompts come in many lengths; decode shapes are few and stay at the front of the list.
constexpr size_t kMaxPrograms = 24;

int64_t blocks_of(int64_t tokens) {
  return (tokens + kernels::kKvBlockTokens - 1) / kernels::kKvBlockTokens;
}

}  // namespace

void Step::clear() {
  tokens.clear();
  positions.clear();
  sequences.clear();
  block_table.clear();
  output_rows.clear();
  num_sequences = 0;
}

int64_t ModelRunner::max_blocks() const { return blocks_of(options_.max_model_len); }

int64_t ModelRunner::weight_bytes() const {
  int64_t bytes = 0;
  for (const auto& [name, weight] : weights_) bytes += weight.bytes();
  return bytes;
}

Result<std::unique_ptr<ModelRunner>> ModelRunner::load(const checkpoint::Checkpoint& checkpoint,
                                                       const RunnerOptions& options,
                                                       ThreadPool& pool,
                                                       const LoadProgress& progress) {
  std::unique_ptr<ModelRunner> runner(new ModelRunner);
  runner->config_ = checkpoint.config();
  runner->options_ = options;
  const checkpoint::ModelConfig& config = runner->config_;

  const model::StepShape one_row = {.max_blocks = runner->max_blocks()};
  SPYRE_TRY_ASSIGN(const graph::Graph graph, model::build(config, one_row, options.max_model_len));
  SPYRE_TRY_ASSIGN(runner->kv_cache_, backend::KvCache::create({.format = options.precision.kv,
                                                                .layers = config.num_layers,
                                                                .blocks = options.kv_blocks,
                                                                .kv_heads = config.num_kv_heads,
                                                                .head_dim = config.head_dim}));
  SPYRE_TRY_ASSIGN(runner->weights_,
                   load_weights(graph, checkpoint, options.precision, pool, progress));
  runner->backend_ =
      backend::create_eager_backend(runner->weights_, runner->kv_cache_, pool, options.isa);
  return runner;
}

Result<backend::Program*> ModelRunner::program_of(const model::StepShape& shape) {
  const auto found = std::ranges::find(programs_, shape, &Prepared::shape);
  if (found != programs_.end()) {
    programs_.splice(programs_.begin(), programs_, found);
    return programs_.front().program.get();
  }
  SPYRE_TRY_ASSIGN(const graph::Graph graph, model::build(config_, shape, options_.max_model_len));
  SPYRE_TRY_ASSIGN(auto program, backend_->prepare(graph));
  if (programs_.size() == kMaxPrograms) programs_.pop_back();
  programs_.push_front({.shape = shape, .program = std::move(program)});
  return programs_.front().program.get();
}

Result<std::span<float>> ModelRunner::run(const Step& step) {
  SPYRE_TRY_ASSIGN(backend::Program* const program,
                   program_of({.rows = static_cast<int64_t>(step.tokens.size()),
                               .sequences = step.num_sequences,
                               .max_blocks = max_blocks(),
                               .output_rows = static_cast<int64_t>(step.output_rows.size())}));
  return program->run({.tokens = step.tokens,
                       .positions = step.positions,
                       .sequences = step.sequences,
                       .block_table = step.block_table,
                       .output_rows = step.output_rows});
}

}  // namespace spyre::runner
