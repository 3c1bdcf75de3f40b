// After warm-up a decode step allocates nothing: the model's forward pass and the choice of the
// next token run in memory taken before. Counted by replacing the global allocator of this test
// program.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "engine/engine_fixture.h"
#include "runner/fixture.h"
#include "sample/sampler.h"

namespace {

std::atomic<int64_t> allocations{0};

void* counted(size_t bytes) {
  ++allocations;
  void* memory = std::malloc(bytes > 0 ? bytes : 1);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(size_t bytes) { return counted(bytes); }
void* operator new[](size_t bytes) { return counted(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace spyre::engine {
namespace {

using runner::testing::LoadedModel;

class DecodeAllocation
    : public ::testing::TestWithParam<std::tuple<const char*, backend::Execution>> {};

TEST_P(DecodeAllocation, ADecodeStepMakesNone) {
  const auto [name, execution] = GetParam();
  runner::testing::RunSettings settings{.dtype = "auto",
                                        .num_threads = 2,
                                        .isa = kernels::best_isa(detect_cpu_features()),
                                        .execution = execution};
  // With machine code where this build has a compiler.
  if (execution == backend::Execution::kCompiled) settings.code = backend::CodeOptions{};
  LoadedModel model(name, settings);
  runner::ModelRunner& runner = model.runner();
  sample::SamplingParams params;
  params.temperature = 0.7f;
  params.top_p = 0.9f;
  params.top_k = 40;
  params.repetition_penalty = 1.1f;
  params.max_tokens = 64;
  params.seed = 1;
  params.logprobs = 3;
  const std::vector<int32_t> prompt = {3, 1, 4};
  auto workspace = sample::Workspace::create(runner.vocab_size()).value();
  sample::SequenceSampler sampler(params, prompt, runner.vocab_size(), 0, 0);
  std::vector<sample::TokenLogprob> best(sampler.best_capacity());

  runner::Step step;
  int32_t token = 3;
  int64_t before = 0;
  for (int32_t position = 0; position < 40; ++position) {
    if (position == 3) before = allocations;
    step.clear();
    step.tokens.push_back(token);
    step.positions.push_back(position);
    step.sequences.push_back(0);
    step.output_rows.push_back(0);
    for (int64_t i = 0; i < runner.max_blocks(); ++i) {
      step.block_table.push_back(static_cast<int32_t>(i));
    }
    step.num_sequences = 1;
    token = sampler.sample(runner.run(step).value(), best, workspace)->id;
  }
  EXPECT_EQ(allocations - before, 0);
}

struct Deaf final : Listener {
  void on_delta(RequestId, const Delta&) override {}
  void on_finished(RequestId, RequestOutput) override {}
};

// Around the model: the plan's list of requests, and at most one a token for its text.
TEST(Allocation, AStepOfTheGeneratorMakesItsPlanAndItsTexts) {
  testing::EngineFixture engine(
      "decoders/llama", {.shapes = {{.prompt_tokens = 64, .new_tokens = 60, .batch_size = 4}}});
  Deaf deaf;
  for (RequestId id = 0; id < 4; ++id) {
    ASSERT_TRUE(engine.generator().submit(id, engine.request(1, 60)));
  }
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(engine.generator().step(deaf).value());
  const int64_t before = allocations;
  constexpr int kSteps = 40;
  for (int i = 0; i < kSteps; ++i) ASSERT_TRUE(engine.generator().step(deaf).value());
  EXPECT_LE(allocations - before, kSteps + 4 * kSteps);
}

INSTANTIATE_TEST_SUITE_P(Models, DecodeAllocation,
                         ::testing::Combine(::testing::Values("decoders/llama",
                                                              "decoders/granite_moe",
                                                              "decoders/gemma3", "gguf/gguf_kquant",
                                                              "quantised/gptq_desc_act"),
                                            ::testing::Values(backend::Execution::kEager,
                                                              backend::Execution::kCompiled)));

}  // namespace
}  // namespace spyre::engine
