#include "engine/warmup.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "engine/clock.h"
#include "engine/random_tokens.h"

namespace spyre::engine {

namespace {

constexpr int64_t kDecodeSteps = 3;

// Steps of random tokens, in which sequence i owns the i-th share of some blocks.
class RandomSteps {
 public:
  RandomSteps(runner::ModelRunner& runner, RandomTokens& tokens)
      : runner_(runner), tokens_(tokens) {}

  struct Rows {
    int64_t sequences = 1;
    int64_t tokens_each = 1;
    int64_t position = 0;  // of the first token of each
    int64_t blocks_each = 1;
  };
  // All logits that the program can give are asked for.
  Status run(const model::StepShape& program, const Rows& rows) {
    step_.clear();
    for (int64_t i = 0; i < rows.sequences; ++i) add_sequence(i, rows);
    const auto total = static_cast<int64_t>(step_.tokens.size());
    for (int64_t row = 0; row < std::min(total, program.output_rows); ++row) {
      step_.output_rows.push_back(static_cast<int32_t>(row));
    }
    if (runner_.pools()) add_pooling_inputs(rows);
    SPYRE_TRY(runner_.run(step_));
    return {};
  }

 private:
  // An output row a sequence.
  void add_pooling_inputs(const Rows& rows) {
    step_.output_rows.clear();
    for (int64_t i = 0; i < rows.sequences; ++i) {
      step_.output_rows.push_back(static_cast<int32_t>(i * rows.tokens_each));
      step_.lengths.push_back(static_cast<int32_t>(rows.tokens_each));
    }
    step_.token_types.assign(step_.tokens.size(), 0);
  }

  void add_sequence(int64_t index, const Rows& rows) {
    for (int64_t i = 0; i < rows.tokens_each; ++i) {
      step_.tokens.push_back(tokens_.next());
      step_.positions.push_back(static_cast<int32_t>(rows.position + i));
      step_.sequences.push_back(static_cast<int32_t>(step_.num_sequences));
    }
    const int64_t each = rows.blocks_each;
    for (int64_t i = 0; i < runner_.max_blocks(); ++i) {
      step_.block_table.push_back(static_cast<int32_t>(index * each + std::min(i, each - 1)));
    }
    ++step_.num_sequences;
  }

  runner::ModelRunner& runner_;
  RandomTokens& tokens_;
  runner::Step step_;
};

// A full batch of a shape: its first tile of prompts, then decodes, without drafts and with them.
Status run_shape(RandomSteps& steps, const schedule::Shape& shape, const StepShapes& programs) {
  const int64_t blocks_each = shape.blocks() / shape.batch_size;
  const int64_t prompt_rows = programs.prefill.rows / programs.prefill.sequences;
  SPYRE_TRY(steps.run(programs.prefill, {.sequences = programs.prefill.sequences,
                                         .tokens_each = prompt_rows,
                                         .blocks_each = blocks_each}));
  const int64_t decodes = std::min(kDecodeSteps, shape.new_tokens - 1);
  for (int64_t i = 0; i < decodes; ++i) {
    SPYRE_TRY(steps.run(
        programs.decode,
        {.sequences = shape.batch_size, .position = prompt_rows + i, .blocks_each = blocks_each}));
  }
  if (!programs.verify) return {};
  // As many rows as the program takes, over the first positions: they are there in every shape.
  const int64_t rows = programs.verify->rows;
  const int64_t each = (rows + shape.batch_size - 1) / shape.batch_size;
  return steps.run(*programs.verify,
                   {.sequences = rows / each, .tokens_each = each, .blocks_each = blocks_each});
}

// A program of continuous batching, filled as far as the KV cache goes: its sequences get equal
// parts of the rows.
Status run_program(runner::ModelRunner& runner, RandomSteps& steps,
                   const model::StepShape& program) {
  const int64_t blocks = runner.kv_cache().shape().blocks;
  const int64_t sequences = std::min(program.sequences, blocks);
  const int64_t blocks_each = std::min(blocks / sequences, runner.max_blocks());
  const int64_t tokens_each = std::min(
      {program.rows / sequences, blocks_each * schedule::kBlockTokens, runner.max_model_len()});
  return steps.run(
      program, {.sequences = sequences, .tokens_each = tokens_each, .blocks_each = blocks_each});
}

Result<double> timed_pass(runner::ModelRunner& runner, const schedule::Shape& shape,
                          const StepShapes& programs, RandomTokens& tokens) {
  const Clock::time_point began = Clock::now();
  for (const model::StepShape& program : programs.all()) SPYRE_TRY(runner.prepare(program));
  RandomSteps steps(runner, tokens);
  SPYRE_TRY(run_shape(steps, shape, programs));
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

Result<double> warm_up_programs(runner::ModelRunner& runner,
                                std::span<const model::StepShape> programs,
                                const WarmupOptions& options, const WarmupCallback& progress) {
  const Clock::time_point began = Clock::now();
  RandomTokens tokens(runner.vocab_size(), options.excluded_tokens, 0);
  RandomSteps steps(runner, tokens);
  log::info("[WARMUP] {} programs", programs.size());
  for (size_t i = 0; i < programs.size(); ++i) {
    const model::StepShape& program = programs[i];
    for (int pass = 1; pass <= 2; ++pass) {
      if (!progress({.shape = i, .num_shapes = programs.size(), .pass = pass})) {
        return error(Code::kCancelled, "warm-up was interrupted");
      }
      const Clock::time_point pass_began = Clock::now();
      SPYRE_TRY(runner.prepare(program));
      SPYRE_TRY(run_program(runner, steps, program));
      log::info("[WARMUP] program {}/{} (rows {}, sequences {}): pass {}/2 took {:.3f} s", i + 1,
                programs.size(), program.rows, program.sequences, pass,
                seconds_between(pass_began, Clock::now()));
    }
  }
  const double seconds = seconds_between(began, Clock::now());
  log::info("[WARMUP] {} programs took {:.3f} s ({})", programs.size(), seconds,
            cache_text(runner.code_report()));
  return seconds;
}

}  // namespace spyre::engine
