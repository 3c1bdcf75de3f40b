#include "runner/model_runner.h"

#include <algorithm>
#include <utility>

#include "runner/kv_shape.h"

namespace spyre::runner {

namespace {

int64_t blocks_of(int64_t tokens) {
  return (tokens + kernels::kKvBlockTokens - 1) / kernels::kKvBlockTokens;
}

bool holds(const model::StepShape& capacity, const model::StepShape& wanted) {
  return wanted.rows <= capacity.rows && wanted.sequences <= capacity.sequences &&
         wanted.output_rows <= capacity.output_rows;
}

// By which programs are ordered: a smaller one has less scratch to stay in the caches.
std::pair<int64_t, int64_t> work_of(const model::StepShape& capacity) {
  return {capacity.rows, capacity.output_rows};
}

}  // namespace

void Step::clear() {
  tokens.clear();
  positions.clear();
  sequences.clear();
  block_table.clear();
  output_rows.clear();
  token_types.clear();
  lengths.clear();
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
  SPYRE_TRY_ASSIGN(runner->kv_cache_, backend::KvCache::create(kv_shape(
                                          config, options.precision.kv, options.kv_blocks)));
  SPYRE_TRY_ASSIGN(runner->weights_,
                   load_weights(graph, checkpoint, options.precision, pool, progress));
  runner->backend_ =
      backend::create_backend(runner->weights_, runner->kv_cache_, pool, options.backend);
  return runner;
}

Status ModelRunner::prepare(model::StepShape capacity) {
  capacity.max_blocks = max_blocks();
  if (std::ranges::find(programs_, capacity, &Prepared::capacity) != programs_.end()) return {};
  SPYRE_TRY_ASSIGN(const graph::Graph graph,
                   model::build(config_, capacity, options_.max_model_len));
  const std::string name =
      fmt::format("{} {} layers, {} rows of {} sequences, {} sampled", config_.architecture,
                  config_.num_layers, capacity.rows, capacity.sequences, capacity.output_rows);
  SPYRE_TRY_ASSIGN(auto program, backend_->prepare(graph, name));
  const auto after =
      std::ranges::upper_bound(programs_, work_of(capacity), {},
                               [](const Prepared& each) { return work_of(each.capacity); });
  programs_.insert(after, {.name = name, .capacity = capacity, .program = std::move(program)});
  return {};
}

std::vector<ModelRunner::ProgramOverview> ModelRunner::programs() const {
  std::vector<ProgramOverview> overviews;
  for (const Prepared& each : programs_) {
    if (auto report = each.program->report()) {
      overviews.push_back({each.name, each.capacity, std::move(*report)});
    }
  }
  return overviews;
}

// RoBERTa counts the tokens that are not padding from first_position on; its padding token, which a
// text may spell out, has the place before.
void ModelRunner::number_positions(const Step& step) {
  if (config_.first_position == 0) return;
  const auto padding = static_cast<int32_t>(config_.first_position - 1);
  position_ids_.resize(step.tokens.size());
  int32_t last = padding;
  for (size_t row = 0; row < step.tokens.size(); ++row) {
    if (step.positions[row] == 0) last = padding;
    position_ids_[row] = step.tokens[row] == padding ? padding : ++last;
  }
}

Result<std::span<float>> ModelRunner::run(const Step& step) {
  const model::StepShape wanted = {.rows = static_cast<int64_t>(step.tokens.size()),
                                   .sequences = step.num_sequences,
                                   .max_blocks = max_blocks(),
                                   .output_rows = static_cast<int64_t>(step.output_rows.size())};
  const auto found = std::ranges::find_if(
      programs_, [&](const Prepared& each) { return holds(each.capacity, wanted); });
  if (found == programs_.end()) {
    return error(Code::kInternal,
                 "no program was prepared for a step of {} rows, {} sequences and {} output rows",
                 wanted.rows, wanted.sequences, wanted.output_rows);
  }
  number_positions(step);
  return found->program->run({.tokens = step.tokens,
                              .positions = step.positions,
                              .sequences = step.sequences,
                              .block_table = step.block_table,
                              .output_rows = step.output_rows,
                              .token_types = step.token_types,
                              .lengths = step.lengths,
                              .position_ids = position_ids_});
}

}  // namespace spyre::runner
