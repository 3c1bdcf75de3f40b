// Compiled equals eager bit for bit: every model fixture and number format, prompts in chunks of
// any size, batches of rows of any sequences, any number of threads, and without any one pass.
#include <gtest/gtest.h>

#include <random>

#include "compile/pipeline.h"
#include "runner/fixture.h"

namespace spyre::runner::testing {
namespace {

constexpr const char* kModels[] = {"decoders/llama",
                                   "decoders/llama_tied",
                                   "decoders/llama_bf16_sharded",
                                   "decoders/granite",
                                   "decoders/granite_moe",
                                   "decoders/mistral",
                                   "decoders/qwen2",
                                   "decoders/qwen3",
                                   "decoders/gemma3",
                                   "decoders/phi3",
                                   "decoders/phi3_longrope",
                                   "decoders/gpt_bigcode",
                                   "decoders/opt",
                                   "gguf/gguf_f16_q8",
                                   "gguf/gguf_q4_q5",
                                   "gguf/gguf_kquant",
                                   "quantised/gptq",
                                   "quantised/gptq_desc_act",
                                   "quantised/gptq_8bit_asym",
                                   "quantised/awq"};

RunSettings settings_of(const char* dtype, backend::Execution execution) {
  return {.dtype = dtype, .isa = kernels::best_isa(detect_cpu_features()), .execution = execution};
}

std::vector<int32_t> random_ids(std::mt19937& random, int64_t count) {
  std::vector<int32_t> ids;
  ids.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) ids.push_back(static_cast<int32_t>(random() % 40));
  return ids;
}

// Prompts of random lengths for some sequences, then steps in which some of them go on together.
Rows random_run(LoadedModel& model, unsigned seed) {
  std::mt19937 random(seed);
  Rows all;
  std::vector<int32_t> lengths;
  const auto keep = [&all](Rows rows) {
    for (auto& row : rows) all.push_back(std::move(row));
  };
  for (int32_t sequence = 0; sequence < 5; ++sequence) {
    const auto length = static_cast<int32_t>(1 + random() % 90);
    keep(model.logits(random_ids(random, length), sequence));
    lengths.push_back(length);
  }
  for (int step = 0; step < 4; ++step) {
    std::vector<int32_t> sequences;
    std::vector<int32_t> positions;
    for (int32_t sequence = 0; sequence < 5; ++sequence) {
      if (random() % 3 == 0) continue;
      sequences.push_back(sequence);
      positions.push_back(lengths[static_cast<size_t>(sequence)]++);
    }
    if (sequences.empty()) continue;
    keep(model.decode(random_ids(random, static_cast<int64_t>(sequences.size())), positions,
                      sequences));
  }
  return all;
}

class Compiled : public ::testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(Compiled, EqualsEager) {
  const auto [name, dtype] = GetParam();
  LoadedModel eager(name, settings_of(dtype, backend::Execution::kEager));
  const Rows wanted = random_run(eager, 1);
  for (const int64_t chunk : {512, 7, 1}) {
    for (const int threads : {1, 3}) {
      RunSettings settings = settings_of(dtype, backend::Execution::kCompiled);
      settings.chunk_rows = chunk;
      settings.num_threads = threads;
      LoadedModel compiled(name, settings);
      // With programs of one row, steps of one row each.
      if (chunk < 5) {
        std::mt19937 random(1);
        const auto ids = random_ids(random, 70);
        expect_same_bits(eager.logits(ids), compiled.logits(ids),
                         fmt::format("chunks of {}, {} threads", chunk, threads));
        continue;
      }
      expect_same_bits(wanted, random_run(compiled, 1),
                       fmt::format("chunks of {}, {} threads", chunk, threads));
    }
  }
}

class MachineCode : public ::testing::TestWithParam<std::tuple<const char*, kernels::Isa>> {};

// No routine falls back: nothing is left in them that LLVM could not inline.
TEST_P(MachineCode, EqualsEagerWithNoCallLeft) {
#ifndef SPYRE_COMPILER
  GTEST_SKIP() << "this build has no spyre-compiler";
#endif
  const auto [name, isa] = GetParam();
  if (!kernels::runs_on(detect_cpu_features(), isa)) GTEST_SKIP() << "not on this CPU";
  RunSettings settings = settings_of("auto", backend::Execution::kEager);
  settings.isa = isa;
  LoadedModel eager(name, settings);
  const Rows wanted = random_run(eager, 4);
  settings.execution = backend::Execution::kCompiled;
  settings.code = backend::CodeOptions{};
  settings.num_threads = 2;
  LoadedModel compiled(name, settings);
  expect_same_bits(wanted, random_run(compiled, 4), "machine code");
  EXPECT_EQ(compiled.runner().code_report().failed, 0);
  EXPECT_GT(compiled.runner().code_report().compiled, 4);
  // Programs of one row are compiled for just that.
  settings.chunk_rows = 1;
  LoadedModel single(name, settings);
  std::mt19937 random(5);
  const auto ids = random_ids(random, 70);
  expect_same_bits(eager.logits(ids), single.logits(ids), "one row");
  EXPECT_EQ(single.runner().code_report().failed, 0);
}

std::string machine_code_name(
    const ::testing::TestParamInfo<std::tuple<const char*, kernels::Isa>>& each) {
  std::string name = std::get<0>(each.param);
  std::ranges::replace(name, '/', '_');
  return name + "_" + std::string(kernels::name(std::get<1>(each.param)));
}

INSTANTIATE_TEST_SUITE_P(
    Best, MachineCode,
    ::testing::Combine(::testing::ValuesIn(kModels),
                       ::testing::Values(kernels::best_isa(detect_cpu_features()))),
    machine_code_name);
INSTANTIATE_TEST_SUITE_P(EveryTier, MachineCode,
                         ::testing::Combine(::testing::Values("decoders/granite_moe",
                                                              "decoders/llama_bf16_sharded",
                                                              "gguf/gguf_kquant", "gguf/gguf_q4_q5",
                                                              "quantised/gptq_desc_act"),
                                            ::testing::ValuesIn(kernels::kIsas)),
                         machine_code_name);

class WithoutAPass : public ::testing::TestWithParam<const char*> {};

TEST_P(WithoutAPass, SameBits) {
  LoadedModel eager(GetParam(), settings_of("auto", backend::Execution::kEager));
  const Rows wanted = random_run(eager, 2);
  for (const char* pass :
       {"gather-early", "merge-equal", "remove-dead", "view-slices", "merge-siblings", "fuse-heads",
        "fuse-epilogues", "join-gates", "fuse-rows", "fuse-prologues"}) {
    RunSettings settings = settings_of("auto", backend::Execution::kCompiled);
    settings.disabled_passes = {pass};
    settings.num_threads = 2;
    LoadedModel compiled(GetParam(), settings);
    expect_same_bits(wanted, random_run(compiled, 2), pass);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, WithoutAPass,
                         ::testing::Values("decoders/qwen3", "decoders/gemma3",
                                           "decoders/granite_moe", "decoders/phi3", "decoders/opt",
                                           "decoders/gpt_bigcode", "quantised/gptq_desc_act"));

// A prompt of which only the last row is sampled: gather-early has work.
TEST(CompiledPrompt, OneSampledRowOfManyEqualsEager) {
  for (const char* name :
       {"decoders/llama", "decoders/granite_moe", "decoders/opt", "gguf/gguf_q4_q5"}) {
    Rows found[2];
    for (const auto execution : {backend::Execution::kEager, backend::Execution::kCompiled}) {
      RunSettings settings = settings_of("auto", execution);
      settings.output_rows = 1;
      LoadedModel model(name, settings);
      std::mt19937 random(3);
      found[execution == backend::Execution::kEager ? 0 : 1] = model.logits(random_ids(random, 60));
    }
    ASSERT_EQ(found[0].size(), 1U);
    expect_same_bits(found[0], found[1], name);
  }
}

// For the thread sanitizer, which takes long: every kind of region, more threads than work.
TEST(CompiledThreads, EqualEager) {
  for (const char* name : {"decoders/qwen3", "decoders/granite_moe"}) {
    RunSettings settings = settings_of("auto", backend::Execution::kEager);
    LoadedModel eager(name, settings);
    settings.execution = backend::Execution::kCompiled;
    settings.num_threads = 4;
    LoadedModel compiled(name, settings);
    expect_same_bits(random_run(eager, 6), random_run(compiled, 6), name);
  }
}

TEST(CompiledMemory, TakesWhatWasPlanned) {
  for (const char* name : {"decoders/llama", "decoders/granite_moe", "quantised/gptq_desc_act"}) {
    for (const auto execution : {backend::Execution::kEager, backend::Execution::kCompiled}) {
      RunSettings settings = settings_of("auto", execution);
      settings.num_threads = 2;
      LoadedModel model(name, settings);
      EXPECT_EQ(model.runner().scratch_bytes(), model.planned_scratch_bytes()) << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Compiled,
                         ::testing::Combine(::testing::ValuesIn(kModels),
                                            ::testing::Values("auto", "bfloat16", "float16",
                                                              "float32")));

}  // namespace
}  // namespace spyre::runner::testing
