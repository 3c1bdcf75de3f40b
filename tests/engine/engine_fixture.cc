#include "engine/engine_fixture.h"

#include "engine/continuous_programs.h"
#include "schedule/reserving.h"
#include "schedule/static_batching.h"

namespace spyre::engine::testing {

namespace {

// As many programs as the settings need; a failure ends the test program.
std::unique_ptr<schedule::Scheduler> prepare(runner::ModelRunner& runner,
                                             const EngineSettings& settings) {
  const StepOptions steps = {.prefill_rows = settings.prefill_rows,
                             .draft_tokens = most_draft_tokens(settings.speculation)};
  if (!settings.shapes.empty()) {
    for (const schedule::Shape& shape : settings.shapes) {
      for (const model::StepShape& program : step_shapes(shape, steps).all()) {
        SPYRE_CHECK(runner.prepare(program).has_value());
      }
    }
    return schedule::StaticBatching::create({.shapes = settings.shapes}).value();
  }
  const int64_t sequences = settings.max_num_seqs;
  if (settings.make_scheduler) {
    for (const model::StepShape& program :
         continuous_programs({.max_num_seqs = sequences,
                              .max_model_len = runner.max_model_len(),
                              .mixed = settings.mixed,
                              .options = steps})) {
      SPYRE_CHECK(runner.prepare(program).has_value());
    }
    // Block 0 is nobody's.
    return settings.make_scheduler(runner.kv_cache().shape().blocks - 1, runner.max_model_len());
  }
  SPYRE_CHECK(runner.prepare({.rows = settings.prefill_rows, .output_rows = kTileOutputs}));
  const int64_t rows = verify_rows(sequences, steps.draft_tokens);
  SPYRE_CHECK(runner.prepare({.rows = rows, .sequences = sequences, .output_rows = rows}));
  return schedule::Reserving::create({.max_sequences = sequences,
                                      .kv_blocks = runner.kv_cache().shape().blocks,
                                      .max_model_len = runner.max_model_len(),
                                      .prompt_chunk_tokens = settings.prefill_rows})
      .value();
}

// Compiled: with machine code where this build has a compiler.
runner::testing::RunSettings run_settings(const EngineSettings& settings) {
  runner::testing::RunSettings run{.max_model_len = settings.max_model_len,
                                   .isa = kernels::best_isa(detect_cpu_features()),
                                   .execution = settings.execution};
  if (settings.execution == backend::Execution::kCompiled) run.code = backend::CodeOptions{};
  return run;
}

}  // namespace

EngineFixture::EngineFixture(std::string_view name, const EngineSettings& settings)
    : model_(name, run_settings(settings)),
      tokenizer_(text::Tokenizer::load(runner::testing::fixture_path(name)).value()),
      expected_(runner::testing::expected_of(name)),
      generator_(make_generator(settings)) {}

std::unique_ptr<Generator> EngineFixture::make_generator(const EngineSettings& settings) {
  return Generator::create(
             model_.runner(), tokenizer_, prepare(model_.runner(), settings),
             {.prefill_rows = settings.prefill_rows, .speculation = settings.speculation})
      .value();
}

std::map<RequestId, Outcome> EngineFixture::run(std::vector<Request> requests) {
  Recorder recorder;
  for (size_t i = 0; i < requests.size(); ++i) {
    const Status status = generator_->submit(i, std::move(requests[i]));
    if (!status) recorder.on_finished(i, {.error = status.error()});
  }
  while (generator_->step(recorder).value()) {
  }
  return std::move(recorder.outcomes);
}

Outcome EngineFixture::run_one(Request request) {
  std::vector<Request> requests;
  requests.push_back(std::move(request));
  return run(std::move(requests)).at(0);
}

std::vector<int32_t> EngineFixture::prompt(size_t index) const {
  return expected_["prompts"][index]["ids"].get<std::vector<int32_t>>();
}

std::vector<int32_t> EngineFixture::greedy(size_t index) const {
  return expected_["prompts"][index]["greedy"]["ids"].get<std::vector<int32_t>>();
}

Request EngineFixture::request(size_t index, int64_t max_tokens) const {
  Request request{.prompt = prompt(index)};
  request.params.temperature = 0;
  request.params.ignore_eos = true;
  request.params.max_tokens = max_tokens;
  return request;
}

}  // namespace spyre::engine::testing
