// A row's bits depend on the row, the weights and absolute positions only: the same sequence gives
// the same logits alone, among others, in chunks of any size, on any number of threads, and on
// every ISA tier.
#include <gtest/gtest.h>

#include "runner/fixture.h"

namespace spyre::runner::testing {
namespace {

class Invariance : public ::testing::TestWithParam<std::tuple<const char*, const char*>> {
 protected:
  std::string name() const { return std::get<0>(GetParam()); }
  RunSettings settings() const {
    return {.dtype = std::get<1>(GetParam()), .isa = kernels::best_isa(detect_cpu_features())};
  }
  std::vector<int32_t> ids(size_t prompt = 2) const {
    return expected_of(name())["prompts"][prompt]["ids"].get<std::vector<int32_t>>();
  }
};

TEST_P(Invariance, ChunksOfAnySize) {
  const Rows whole = LoadedModel(name(), settings()).logits(ids());
  for (const int64_t rows : {1, 7, 64}) {
    RunSettings chunked = settings();
    chunked.chunk_rows = rows;
    expect_same_bits(whole, LoadedModel(name(), chunked).logits(ids()), "chunked");
  }
}

TEST_P(Invariance, AnyNumberOfThreads) {
  const Rows one = LoadedModel(name(), settings()).logits(ids());
  RunSettings threaded = settings();
  threaded.num_threads = 3;
  expect_same_bits(one, LoadedModel(name(), threaded).logits(ids()), "3 threads");
}

TEST_P(Invariance, AloneOrAmongOthers) {
  LoadedModel model(name(), settings());
  const std::vector<int32_t> prompt = ids();
  const auto length = static_cast<int32_t>(prompt.size());
  model.logits(prompt, 0);
  const Rows alone = model.decode({3}, {length}, {0});
  // The same prompt as the last of a crowd of other lengths and positions.
  const std::vector<int32_t> other = ids(1);
  model.logits(other, 1);
  model.logits(other, 2);
  model.logits(prompt, 5);
  const auto other_length = static_cast<int32_t>(other.size());
  const Rows crowd = model.decode({9, 4, 3}, {other_length, other_length, length}, {1, 2, 5});
  expect_same_bits(alone, {crowd[2]}, "in a batch");
}

TEST_P(Invariance, EveryTierGivesTheSameBits) {
  RunSettings scalar = settings();
  scalar.isa = kernels::Isa::kScalar;
  const Rows reference = LoadedModel(name(), scalar).logits(ids(1));
  for (const auto isa : kernels::kIsas) {
    if (!kernels::runs_on(detect_cpu_features(), isa)) continue;
    if (isa == kernels::Isa::kAmx) continue;  // bf16 has another order there
    RunSettings tier = settings();
    tier.isa = isa;
    expect_same_bits(reference, LoadedModel(name(), tier).logits(ids(1)), "tier");
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Invariance,
                         ::testing::Combine(::testing::Values("decoders/llama", "decoders/gemma3",
                                                              "decoders/granite_moe",
                                                              "gguf/gguf_kquant", "gguf/gguf_q4_q5",
                                                              "quantised/gptq_desc_act"),
                                            ::testing::Values("auto", "bfloat16", "float32")));

}  // namespace
}  // namespace spyre::runner::testing
