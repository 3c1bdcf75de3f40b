#include "runner/fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include "runner/weight_outline.h"

namespace spyre::runner::testing {

std::filesystem::path fixture_path(std::string_view name) {
  return std::filesystem::path(SPYRE_SOURCE_DIR) / "tests/reference" / name;
}

Json expected_of(std::string_view name) {
  const std::filesystem::path path = fixture_path(name) / "expected.json";
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return parse_json(text.str(), path.string()).value();
}

namespace {

int64_t blocks_each(const RunSettings& settings) {
  return (settings.max_model_len + kernels::kKvBlockTokens - 1) / kernels::kKvBlockTokens;
}

}  // namespace

LoadedModel::LoadedModel(std::string_view name, const RunSettings& settings) : settings_(settings) {
  std::filesystem::path path = fixture_path(name);
  if (name.starts_with("gguf/")) path /= "model.gguf";
  pool_ =
      ThreadPool::create(std::vector<int>(static_cast<size_t>(settings.num_threads), -1)).value();
  checkpoint_ = checkpoint::Checkpoint::open(path).value();
  auto runner =
      ModelRunner::load(*checkpoint_, options(), *pool_, [](int64_t, int64_t) { return true; });
  if (!runner) throw std::runtime_error(runner.error().message);
  runner_ = std::move(*runner);
  const Status prepared = runner_->prepare(capacity());
  if (!prepared) throw std::runtime_error(prepared.error().message);
}

model::StepShape LoadedModel::capacity() const {
  return {.rows = settings_.chunk_rows,
          .sequences = kMaxSequences,
          .max_blocks = blocks_each(settings_),
          .output_rows = settings_.output_rows == 0 ? settings_.chunk_rows : settings_.output_rows};
}

RunnerOptions LoadedModel::options() const {
  const checkpoint::ModelConfig& config = checkpoint_->config();
  std::optional<backend::CodeOptions> code = settings_.code;
#ifdef SPYRE_COMPILER
  if (code) {
    code->codegen = {.isa = settings_.isa,
                     .compiler = settings_.compiler.empty() ? SPYRE_COMPILER : settings_.compiler,
                     .threads = 2,
                     .progress = {}};
  }
#endif
  return {.precision =
              Precision::resolve(settings_.dtype, config.dtype, checkpoint_->is_gguf()).value(),
          .max_model_len = settings_.max_model_len,
          .kv_blocks = kMaxSequences * blocks_each(settings_),
          .backend = {.execution = settings_.execution,
                      .isa = settings_.isa,
                      .passes = {.disabled = settings_.disabled_passes, .observer = {}},
                      .code = code}};
}

int64_t LoadedModel::planned_scratch_bytes() const {
  const checkpoint::ModelConfig& config = checkpoint_->config();
  const RunnerOptions wanted = options();
  const std::vector<graph::Graph> graphs = {
      model::build(config, capacity(), settings_.max_model_len).value()};
  const backend::WeightSet weights =
      outline_weights(graphs[0], *checkpoint_, wanted.precision).value();
  return backend::plan_scratch_bytes(graphs, weights, runner_->kv_cache().shape(),
                                     settings_.num_threads, wanted.backend)
      .value();
}

std::vector<std::vector<float>> LoadedModel::run(Step& step) {
  const auto blocks = static_cast<int32_t>(runner_->max_blocks());
  step.num_sequences = kMaxSequences;
  for (int32_t i = 0; i < kMaxSequences * blocks; ++i) step.block_table.push_back(i);
  const auto count = static_cast<int32_t>(step.tokens.size());
  const int64_t wanted = settings_.output_rows == 0 ? count : settings_.output_rows;
  for (auto row = count - static_cast<int32_t>(wanted); row < count; ++row) {
    step.output_rows.push_back(row);
  }
  const std::span<float> logits = runner_->run(step).value();
  const auto vocab = static_cast<size_t>(runner_->vocab_size());
  std::vector<std::vector<float>> rows;
  for (size_t at = 0; at < logits.size(); at += vocab) {
    rows.emplace_back(logits.begin() + static_cast<ptrdiff_t>(at),
                      logits.begin() + static_cast<ptrdiff_t>(at + vocab));
  }
  return rows;
}

std::vector<std::vector<float>> LoadedModel::logits(const std::vector<int32_t>& ids,
                                                    int32_t sequence) {
  std::vector<std::vector<float>> all;
  const auto count = static_cast<int64_t>(ids.size());
  for (int64_t begin = 0; begin < count; begin += settings_.chunk_rows) {
    Step step;
    for (int64_t i = begin; i < std::min(count, begin + settings_.chunk_rows); ++i) {
      step.tokens.push_back(ids[static_cast<size_t>(i)]);
      step.positions.push_back(static_cast<int32_t>(i));
      step.sequences.push_back(sequence);
    }
    for (auto& row : run(step)) all.push_back(std::move(row));
  }
  return all;
}

std::vector<std::vector<float>> LoadedModel::decode(const std::vector<int32_t>& tokens,
                                                    const std::vector<int32_t>& positions,
                                                    const std::vector<int32_t>& sequences) {
  Step step;
  step.tokens = tokens;
  step.positions = positions;
  step.sequences = sequences;
  return run(step);
}

void expect_same_bits(const Rows& a, const Rows& b, std::string_view what) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(std::memcmp(a[i].data(), b[i].data(), a[i].size() * sizeof(float)), 0)
        << what << ", row " << i;
  }
}

double log_probability(const std::vector<float>& logits, int32_t token) {
  const double top = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float each : logits) sum += std::exp(each - top);
  return logits[static_cast<size_t>(token)] - top - std::log(sum);
}

int32_t argmax(const std::vector<float>& logits) {
  return static_cast<int32_t>(std::ranges::max_element(logits) - logits.begin());
}

}  // namespace spyre::runner::testing
