#include "engine/warmup.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "engine/clock.h"
#include "engine/random_tokens.h"

namespace spyre::engine {

namespace {

constexpr int64_t kDecodeSteps = 3;

// A full batch of a shape: its first tile of prompts, then decodes, without drafts and with them.
class Pass {
 public:
  Pass(runner::ModelRunner& runner, const schedule::Shape& shape, const StepShapes& programs,
       RandomTokens& tokens)
      : runner_(runner), shape_(shape), programs_(programs), tokens_(tokens) {}

  Status run() {
    const int64_t rows = programs_.prefill.rows / programs_.prefill.sequences;
    SPYRE_TRY(run_step(programs_.prefill, programs_.prefill.sequences, rows));
    const int64_t decodes = std::min(kDecodeSteps, shape_.new_tokens - 1);
    for (int64_t i = 0; i < decodes; ++i) {
      SPYRE_TRY(run_step(programs_.decode, shape_.batch_size, 1));
    }
    return programs_.verify ? run_drafts(*programs_.verify) : Status();
  }

 private:
  // As many rows as the program takes, over the first positions: they are there in every shape.
  Status run_drafts(const model::StepShape& program) {
    const int64_t each = (program.rows + shape_.batch_size - 1) / shape_.batch_size;
    position_ = 0;
    return run_step(program, program.rows / each, each);
  }

  // So many tokens more of each sequence. All logits that the program can give are asked for.
  Status run_step(const model::StepShape& program, int64_t sequences, int64_t tokens_each) {
    step_.clear();
    for (int64_t i = 0; i < sequences; ++i) add_sequence(i, tokens_each);
    position_ += tokens_each;
    const auto rows = static_cast<int64_t>(step_.tokens.size());
    for (int64_t row = 0; row < std::min(rows, program.output_rows); ++row) {
      step_.output_rows.push_back(static_cast<int32_t>(row));
    }
    SPYRE_TRY(runner_.run(step_));
    return {};
  }

  // Sequence i owns the i-th share of the blocks that the shape may use.
  void add_sequence(int64_t index, int64_t tokens) {
    for (int64_t i = 0; i < tokens; ++i) {
      step_.tokens.push_back(tokens_.next());
      step_.positions.push_back(static_cast<int32_t>(position_ + i));
      step_.sequences.push_back(static_cast<int32_t>(step_.num_sequences));
    }
    const int64_t each = shape_.blocks() / shape_.batch_size;
    for (int64_t i = 0; i < runner_.max_blocks(); ++i) {
      step_.block_table.push_back(static_cast<int32_t>(index * each + std::min(i, each - 1)));
    }
    ++step_.num_sequences;
  }

  runner::ModelRunner& runner_;
  const schedule::Shape& shape_;
  const StepShapes& programs_;
  RandomTokens& tokens_;
  runner::Step step_;
  int64_t position_ = 0;
};

Result<double> timed_pass(runner::ModelRunner& runner, const schedule::Shape& shape,
                          const StepShapes& programs, RandomTokens& tokens) {
  const Clock::time_point began = Clock::now();
  for (const model::StepShape& program : programs.all()) SPYRE_TRY(runner.prepare(program));
  SPYRE_TRY(Pass(runner, shape, programs, tokens).run());
  return seconds_between(began, Clock::now());
}

std::string cache_text(const backend::CodeReport& report) {
  if (report.cache_hits + report.cache_misses == 0) return "compilation cache disabled";
  return fmt::format("compilation cache: {} hits, {} misses", report.cache_hits,
                     report.cache_misses);
}

Status check_fits(const runner::ModelRunner& runner, const schedule::Shape& shape) {
  if (shape.total_tokens() > runner.max_model_len()) {
    return error(Code::kInvalidArgument,
                 "shape ({}, {}, {}): wanted at most {} tokens (--max-model-len), found {}",
                 shape.prompt_tokens, shape.new_tokens, shape.batch_size, runner.max_model_len(),
                 shape.total_tokens());
  }
  const int64_t blocks = runner.kv_cache().shape().blocks;
  if (shape.blocks() <= blocks) return {};
  return error(Code::kInvalidArgument,
               "shape ({}, {}, {}): wanted {} KV blocks of {} tokens, found {}; lower the shape "
               "(VLLM_SPYRE_WARMUP_*) or raise --kv-cache-memory-bytes",
               shape.prompt_tokens, shape.new_tokens, shape.batch_size, shape.blocks(),
               schedule::kBlockTokens, blocks);
}

}  // namespace

Result<std::vector<WarmedShape>> warm_up(runner::ModelRunner& runner,
                                         std::span<const schedule::Shape> shapes,
                                         const WarmupOptions& options,
                                         const WarmupCallback& progress) {
  const Clock::time_point began = Clock::now();
  RandomTokens tokens(runner.vocab_size(), options.excluded_tokens, 0);
  std::vector<WarmedShape> warmed;
  std::vector<StepShapes> warm_programs;
  log::info("[WARMUP] {} shapes", shapes.size());
  for (size_t i = 0; i < shapes.size(); ++i) {
    const schedule::Shape& shape = shapes[i];
    SPYRE_TRY(check_fits(runner, shape));
    const StepShapes programs = step_shapes(shape, options.steps);
    const bool shared = std::ranges::find(warm_programs, programs) != warm_programs.end();
    std::array<double, 2> seconds = {};
    for (int pass = 1; pass <= 2; ++pass) {
      if (!progress({.shape = i, .num_shapes = shapes.size(), .pass = pass})) {
        return error(Code::kCancelled, "warm-up was interrupted");
      }
      if (shared) continue;
      SPYRE_TRY_ASSIGN(const double taken, timed_pass(runner, shape, programs, tokens));
      seconds[static_cast<size_t>(pass - 1)] = taken;
      log::info("[WARMUP] shape {}/{} ({}, {}, {}): pass {}/2 took {:.3f} s", i + 1, shapes.size(),
                shape.prompt_tokens, shape.new_tokens, shape.batch_size, pass, taken);
    }
    if (shared) {
      log::info("[WARMUP] shape {}/{} ({}, {}, {}): runs in the programs of a shape before it",
                i + 1, shapes.size(), shape.prompt_tokens, shape.new_tokens, shape.batch_size);
    }
    warm_programs.push_back(programs);
    warmed.push_back({.shape = shape, .pass1_seconds = seconds[0], .pass2_seconds = seconds[1]});
  }
  log::info("[WARMUP] {} shapes took {:.3f} s ({})", shapes.size(),
            seconds_between(began, Clock::now()), cache_text(runner.code_report()));
  return warmed;
}

}  // namespace spyre::engine
