// A counting allocator shows that sampling a token, checking its end and its text allocate nothing.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "sample/finish.h"
#include "sample/rows.h"
#include "sample/sampler.h"

namespace {
std::atomic<int64_t> allocations{0};
}  // namespace

void* operator new(size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace spyre::sample {
namespace {

int64_t allocations_of(const SamplingParams& params) {
  const auto row = random_row(5000, 9, 2);
  Workspace workspace = workspace_for(row);
  const std::vector<int32_t> prompt(300, 7);
  SequenceSampler sampler(params, prompt, 5000, 0, 1);
  std::vector<TokenLogprob> best(sampler.best_capacity());
  const int64_t before = allocations.load();
  for (int64_t i = 1; i <= params.max_tokens; ++i) {
    const auto token = sampler.sample(row, best, workspace);
    EXPECT_TRUE(token);
    const Progress progress{.generated = i, .total = i, .max_model_len = 1000};
    EXPECT_EQ(check_finish(params, token->id, progress).has_value(), i == params.max_tokens);
  }
  return allocations.load() - before;
}

TEST(Allocation, NonePerToken) {
  EXPECT_EQ(allocations_of({.temperature = 0, .max_tokens = 200}), 0);
  EXPECT_EQ(allocations_of({.top_k = 50, .top_p = 0.9f, .min_p = 0.01f, .max_tokens = 200}), 0);
  SamplingParams all{.top_p = 0.9f,
                     .presence_penalty = 1,
                     .frequency_penalty = 1,
                     .repetition_penalty = 1.1f,
                     .logit_bias = {{1, 5}},
                     .bad_words_token_ids = {{1, 2, 3}, {4}},
                     .min_tokens = 200,
                     .max_tokens = 200,
                     .eos_token_ids = {2},
                     .logprobs = 20};
  EXPECT_EQ(allocations_of(all), 0);
}

}  // namespace
}  // namespace spyre::sample
