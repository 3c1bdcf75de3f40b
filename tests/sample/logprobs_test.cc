#include "sample/logprobs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sample/rows.h"
#include "sample/softmax.h"

namespace spyre::sample {
namespace {

TEST(Logprobs, TokenRankAndBest) {
  for (const float levels : {0.0f, 1.0f}) {
    const auto row = random_row(1000, 4, 3, levels);
    const auto probabilities = softmax(row);
    const auto order = sorted_ids(row);
    Workspace workspace = workspace_for(row);
    for (const size_t place : {0, 1, 19, 500, 999}) {
      const int32_t token = order[place];
      std::vector<TokenLogprob> best(20);
      const Score scored = score(row, token, best, workspace);
      EXPECT_EQ(scored.token.id, token);
      EXPECT_EQ(scored.token.rank, static_cast<int32_t>(place + 1));
      EXPECT_NEAR(scored.token.logprob, std::log(probabilities[static_cast<size_t>(token)]), 1e-5);
      ASSERT_EQ(scored.num_best, 20u);
      for (size_t i = 0; i < 20; ++i) {
        EXPECT_EQ(best[i].id, order[i]);
        EXPECT_EQ(best[i].rank, static_cast<int32_t>(i + 1));
        EXPECT_NEAR(best[i].logprob, std::log(probabilities[static_cast<size_t>(order[i])]), 1e-5);
      }
    }
  }
}

TEST(Logprobs, WholeVocabularyAndNone) {
  const auto row = random_row(300, 8);
  Workspace workspace = workspace_for(row);
  std::vector<TokenLogprob> best(301);
  EXPECT_EQ(score(row, 0, best, workspace).num_best, 300u);
  double sum = 0;
  for (size_t i = 0; i < 300; ++i) sum += std::exp(static_cast<double>(best[i].logprob));
  EXPECT_NEAR(sum, 1, 1e-5);
  EXPECT_EQ(score(row, 0, {}, workspace).num_best, 0u);
}

TEST(Logprobs, MaskedTokensHaveNoProbability) {
  const float none = -std::numeric_limits<float>::infinity();
  const std::vector<float> row = {none, 1, none, 1};
  Workspace workspace = workspace_for(row);
  std::vector<TokenLogprob> best(4);
  const Score scored = score(row, 2, best, workspace);
  EXPECT_EQ(scored.token.logprob, none);
  EXPECT_EQ(scored.token.rank, 4);
  EXPECT_NEAR(best[0].logprob, std::log(0.5), 1e-6);
  EXPECT_EQ(best[3].logprob, none);
}

TEST(Logprobs, NaNShowsInEveryEntry) {
  auto row = random_row(100, 1);
  row[50] = std::numeric_limits<float>::quiet_NaN();
  Workspace workspace = workspace_for(row);
  std::vector<TokenLogprob> best(5);
  const Score scored = score(row, 3, best, workspace);
  EXPECT_TRUE(std::isnan(scored.token.logprob));
  EXPECT_EQ(scored.num_best, 0u);
  for (const TokenLogprob& each : best) EXPECT_TRUE(std::isnan(each.logprob));
  best.assign(5, {});
  EXPECT_EQ(score_best(row, best, log_sum_exp(row), workspace), 0u);
  for (const TokenLogprob& each : best) EXPECT_TRUE(std::isnan(each.logprob));
}

}  // namespace
}  // namespace spyre::sample
