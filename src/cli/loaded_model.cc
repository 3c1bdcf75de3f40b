#include "cli/loaded_model.h"

#include <malloc.h>
#include <sched.h>

#include <utility>

#include "base/cpu.h"
#include "base/log.h"
#include "cli/interrupt.h"
#include "cli/known_configuration.h"
#include "cli/kv_budget.h"
#include "cli/model_use.h"
#include "cli/precompiled_only.h"
#include "cli/progress_line.h"
#include "cli/serving_plan.h"
#include "cli/tokenizer_info.h"
#include "plan/memory_plan.h"

namespace spyre::cli {

namespace {

// The caller is thread 0 of the pool; pinned like the others, it is not moved onto their CPUs.
void pin_this_thread(int cpu) {
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  sched_setaffinity(0, sizeof(set), &set);
}

// The model's own text side, or what the settings put in its place.
Result<TextModel> load_text(const OpenModel& open) {
  // Taken in any case: it is large, and nobody else wants it.
  auto metadata = open.checkpoint->take_tokenizer_metadata();
  if (open.tokenizer) metadata.reset();
  SPYRE_TRY_ASSIGN(TextModel text, metadata ? TextModel::from_gguf(*metadata)
                                            : TextModel::load(open.tokenizer.value_or(open.path)));
  const int64_t rows = open.checkpoint->config().vocab_size;
  if (open.tokenizer && text.tokenizer.vocab_size() > rows) {
    log::warn("--tokenizer {}: has {} tokens, the model {}; prompts with the others are refused",
              open.tokenizer->string(), text.tokenizer.vocab_size(), rows);
  }
  if (open.chat_template) SPYRE_TRY(text.use_template(*open.chat_template));
  return text;
}

}  // namespace

Result<LoadedModel> LoadedModel::load(OpenModel open, const runner::LoadProgress& progress) {
  SPYRE_TRY_ASSIGN(TextModel text, load_text(open));
  Json info;
  if (open.wants_tokenizer_info) {
    SPYRE_TRY_ASSIGN(info,
                     read_tokenizer_info(open.tokenizer.value_or(open.path), open.chat_template));
  }
  SPYRE_TRY_ASSIGN(auto pool, ThreadPool::create(open.cpus));
  pin_this_thread(open.cpus[0]);
  SPYRE_TRY_ASSIGN(auto runner,
                   runner::ModelRunner::load(*open.checkpoint, open.options, *pool, progress));
  // A vocabulary and the packing of weights pass through many allocations: give back what is free.
  malloc_trim(0);
  LoadedModel model{.checkpoint = std::move(open.checkpoint),
                    .text = std::move(text),
                    .pool = std::move(pool),
                    .runner = std::move(runner),
                    .tokenizer_info = std::move(info),
                    .generation_config = std::move(open.generation_config)};
  model.load_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - open.opened).count();
  log::info("loaded {} in {:.2f} s: weights {:.1f} MB, {} KV blocks of 64 tokens, {} threads",
            open.path.string(), model.load_seconds,
            static_cast<double>(model.runner->weight_bytes()) / 1e6, open.options.kv_blocks,
            open.cpus.size());
  return model;
}

Result<LoadedModel> LoadedModel::load(OpenModel open) {
  ProgressLine line("loading weights");
  return load(std::move(open), [&line](int64_t done, int64_t total) {
    line.show(done, total);
    return !interrupted();
  });
}

Result<LoadedModel> LoadedModel::load(const config::Settings& given, int64_t sequences,
                                      RunLength length) {
  SPYRE_TRY_ASSIGN(const auto precompiled, forbid_compilation(given));  // before there are threads
  config::Settings settings = given;
  SPYRE_TRY_ASSIGN(OpenModel open, open_model(settings));
  SPYRE_TRY(check_generates(settings, open.checkpoint->config()));
  const plan::RunShape run = {
      .tensor_parallel = settings.integer(config::Setting::kTensorParallelSize),
      .max_model_len = open.options.max_model_len,
      .max_num_seqs = wanted_max_num_seqs(settings).value_or(sequences)};
  SPYRE_TRY(apply_known_configuration(settings, open, run));
  open.compile_allowed = !precompiled;
  if (precompiled) warn_of_missing_graphs(*precompiled, settings, run);
  if (settings.text(config::Setting::kDynamoBackend) == "sendnn_compile_only") {
    return error(Code::kInvalidArgument,
                 "VLLM_SPYRE_DYNAMO_BACKEND=sendnn_compile_only: compiles a server's graphs and "
                 "ends; wanted sendnn, inductor or eager to run a model, or `spyre compile`");
  }
  SPYRE_TRY_ASSIGN(const engine::StepOptions steps, step_options(settings));
  const int64_t graphs = steps.draft_tokens > 0 ? 3 : 2;  // those of offline_generator()
  SPYRE_TRY(compile_graphs(open, settings, {.length = length, .graphs = graphs}));
  open.options.kv_blocks =
      kv_blocks({.block_bytes = kv_block_bytes(open),
                 .blocks_per_sequence = (open.options.max_model_len + kernels::kKvBlockTokens - 1) /
                                        kernels::kKvBlockTokens,
                 .sequences = sequences,
                 .wanted_bytes = wanted_kv_bytes(settings),
                 .memory_bytes = plan::usable_bytes(
                     memory_limit_bytes(), settings.real(config::Setting::kGpuMemoryUtilization)),
                 .weight_bytes = open.checkpoint->file_bytes()});
  return load(std::move(open));
}

}  // namespace spyre::cli
