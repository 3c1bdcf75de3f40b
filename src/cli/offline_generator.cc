#include "cli/offline_generator.h"

#include "cli/interrupt.h"
#include "cli/speculation.h"
#include "engine/step_shapes.h"
#include "schedule/reserving.h"

namespace spyre::cli {

Result<std::unique_ptr<engine::Generator>> offline_generator(const config::Settings& settings,
                                                             const LoadedModel& model,
                                                             int64_t sequences) {
  SPYRE_TRY_ASSIGN(const auto speculation, cli::speculation(settings));
  runner::ModelRunner& runner = *model.runner;
  // A prefill runs one prompt at a time, a decode all sequences.
  const schedule::Shape one{
      .prompt_tokens = runner.max_model_len(), .new_tokens = 1, .batch_size = 1};
  schedule::Shape all = one;
  all.batch_size = sequences;
  const engine::StepShapes decodes =
      engine::step_shapes(all, {.draft_tokens = engine::most_draft_tokens(speculation)});
  SPYRE_TRY(runner.prepare(engine::step_shapes(one).prefill));
  SPYRE_TRY(runner.prepare(decodes.decode));
  if (decodes.verify) SPYRE_TRY(runner.prepare(*decodes.verify));
  SPYRE_TRY_ASSIGN(auto scheduler,
                   schedule::Reserving::create({.max_sequences = sequences,
                                                .kv_blocks = runner.kv_cache().shape().blocks,
                                                .max_model_len = runner.max_model_len(),
                                                .prompt_chunk_tokens = engine::kPrefillRows}));
  return engine::Generator::create(runner, model.text.tokenizer, std::move(scheduler),
                                   {.speculation = speculation});
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
