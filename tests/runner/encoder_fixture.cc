#include "runner/encoder_fixture.h"

#include <gtest/gtest.h>

namespace spyre::runner::testing {

namespace {

std::filesystem::path checkpoint_path(std::string_view name) {
  const std::filesystem::path folder = fixture_path(name);
  const std::filesystem::path file = folder / "model.gguf";
  return std::filesystem::exists(file) ? file : folder;
}

}  // namespace

std::vector<Text> texts_of(std::string_view name) {
  std::vector<Text> texts;
  for (const Json& item : expected_of(name)["items"]) {
    const Json& wanted = item.contains("pooled") ? item["pooled"] : item["logits"];
    const auto ids = item["ids"].get<std::vector<int32_t>>();
    texts.push_back({.ids = ids,
                     .types = item.contains("type_ids")
                                  ? item["type_ids"].get<std::vector<int32_t>>()
                                  : std::vector<int32_t>(ids.size()),
                     .wanted = wanted.get<std::vector<float>>()});
  }
  return texts;
}

Encoder::Encoder(std::string_view name, const EncoderSettings& settings)
    : pool_(
          ThreadPool::create(std::vector<int>(static_cast<size_t>(settings.threads), -1)).value()),
      checkpoint_(checkpoint::Checkpoint::open(checkpoint_path(name)).value()) {
  const checkpoint::ModelConfig& config = checkpoint_->config();
  RunnerOptions options;
  options.precision =
      Precision::resolve(settings.dtype, config.dtype, checkpoint_->is_gguf()).value();
  options.max_model_len = config.pooling->max_tokens;
  options.kv_blocks = kSequences * ((options.max_model_len + kernels::kKvBlockTokens - 1) /
                                    kernels::kKvBlockTokens);
  options.backend.execution = settings.execution;
  options.backend.isa = settings.isa;
  options.backend.code = settings.code;
#ifdef SPYRE_COMPILER
  if (options.backend.code) {
    options.backend.code->codegen = {
        .isa = settings.isa, .compiler = SPYRE_COMPILER, .threads = 2, .progress = {}};
  }
#endif
  const auto go_on = [](int64_t, int64_t) { return true; };
  runner_ = ModelRunner::load(*checkpoint_, options, *pool_, go_on).value();
  EXPECT_TRUE(
      runner_->prepare({.rows = kRows, .sequences = kSequences, .output_rows = kSequences}));
}

Rows Encoder::run(std::span<const Text> texts) {
  Step step;
  for (const Text& text : texts) {
    const auto rows = static_cast<int32_t>(text.ids.size());
    const auto first = static_cast<int32_t>(step.tokens.size());
    step.output_rows.push_back(runner_->pools_last_row() ? first + rows - 1 : first);
    step.lengths.push_back(rows);
    step.tokens.insert(step.tokens.end(), text.ids.begin(), text.ids.end());
    step.token_types.insert(step.token_types.end(), text.types.begin(), text.types.end());
    const auto sequence = static_cast<int32_t>(step.num_sequences);
    for (int32_t i = 0; i < rows; ++i) {
      step.positions.push_back(i);
      step.sequences.push_back(sequence);
    }
    for (int64_t i = 0; i < runner_->max_blocks(); ++i) {
      step.block_table.push_back(static_cast<int32_t>(sequence * runner_->max_blocks() + i));
    }
    ++step.num_sequences;
  }
  const std::span<float> values = runner_->run(step).value();
  const auto columns = static_cast<size_t>(runner_->output_columns());
  Rows rows;
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto row = values.subspan(i * columns, columns);
    rows.emplace_back(row.begin(), row.end());
  }
  return rows;
}

}  // namespace spyre::runner::testing
