#include "cli/offline_generator.h"

#include "cli/interrupt.h"
#include "engine/step_shapes.h"
#include "schedule/reserving.h"

namespace spyre::cli {

Result<std::unique_ptr<engine::Generator>> offline_generator(const LoadedModel& model,
                                                             int64_t sequences) {
  runner::ModelRunner& runner = *model.runner;
  // A prefill runs one prompt at a time.
  const auto programs = engine::step_shapes(
      {.prompt_tokens = runner.max_model_len(), .new_tokens = 1, .batch_size = 1});
  SPYRE_TRY(runner.prepare(programs.prefill));
  SPYRE_TRY(runner.prepare({.rows = sequences, .sequences = sequences, .output_rows = sequences}));
  SPYRE_TRY_ASSIGN(auto scheduler,
                   schedule::Reserving::create({.max_sequences = sequences,
                                                .kv_blocks = runner.kv_cache().shape().blocks,
                                                .max_model_len = runner.max_model_len(),
                                                .prompt_chunk_tokens = engine::kPrefillRows}));
  return engine::Generator::create(runner, model.text.tokenizer, std::move(scheduler), {});
}

Status run_to_end(engine::Generator& generator, engine::Listener& listener) {
  while (!interrupted()) {
    SPYRE_TRY_ASSIGN(const bool more, generator.step(listener));
    if (!more) return {};
  }
  generator.abort_all(listener);
  return {};
}

}  // namespace spyre::cli
