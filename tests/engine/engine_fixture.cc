#include "engine/engine_fixture.h"

namespace spyre::engine::testing {

EngineFixture::EngineFixture(std::string_view name, const GeneratorOptions& options)
    : model_(name, {.isa = kernels::best_isa(detect_cpu_features())}),
      tokenizer_(text::Tokenizer::load(runner::testing::fixture_path(name)).value()),
      expected_(runner::testing::expected_of(name)),
      generator_(Generator::create(model_.runner(), tokenizer_, options).value()) {}

std::map<RequestId, Outcome> EngineFixture::run(std::vector<Request> requests) {
  Recorder recorder;
  for (size_t i = 0; i < requests.size(); ++i) {
    const Status status = generator_->submit(i, std::move(requests[i]));
    if (!status) recorder.on_finished(i, {.error = status.error()});
  }
  while (generator_->step(recorder)) {
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
