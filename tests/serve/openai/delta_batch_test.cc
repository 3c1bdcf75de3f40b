#include "serve/openai/delta_batch.h"

#include <gtest/gtest.h>

namespace spyre::serve::openai {
namespace {

TEST(DeltaBatch, TheFirstAndTheLastDoNotWait) {
  DeltaBatch batch(3);
  std::vector<std::string> texts;
  const std::vector<int32_t> ids = {1};
  for (int i = 0; i < 6; ++i) {
    const std::string text(1, static_cast<char>('a' + i));
    if (!batch.add({.text = text, .token_ids = ids, .finished = i == 5})) continue;
    const engine::Delta delta = batch.take();
    EXPECT_EQ(delta.token_ids.size(), delta.text.size());
    EXPECT_EQ(delta.finished, i == 5);
    texts.emplace_back(delta.text);
  }
  EXPECT_EQ(texts, (std::vector<std::string>{"a", "bcd", "ef"}));
}

TEST(DeltaBatch, LogprobsAndTheEndAreKept) {
  DeltaBatch batch(10);
  const std::vector<int32_t> ids = {1};
  const std::vector<engine::TokenOutput> scores = {{.id = 1, .logprob = -1, .rank = 1, .top = {}}};
  EXPECT_TRUE(batch.add({.token_ids = ids, .logprobs = scores}));
  batch.take();
  EXPECT_FALSE(batch.add({.token_ids = ids, .logprobs = scores}));
  EXPECT_TRUE(batch.add({.token_ids = ids,
                         .logprobs = scores,
                         .finished = true,
                         .finish_reason = sample::FinishReason::kStop,
                         .stop_reason = 7}));
  const engine::Delta delta = batch.take();
  EXPECT_EQ(delta.logprobs.size(), 2u);
  EXPECT_EQ(delta.finish_reason, sample::FinishReason::kStop);
  EXPECT_EQ(std::get<int32_t>(delta.stop_reason), 7);
}

}  // namespace
}  // namespace spyre::serve::openai
