#include "sample/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "sample/rows.h"

namespace spyre::sample {
namespace {

using testing::HasSubstr;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

SequenceSampler sampler_of(const SamplingParams& params, size_t vocab, uint32_t stream = 0,
                           uint64_t entropy = 0) {
  return SequenceSampler(params, std::vector<int32_t>{1, 2}, static_cast<int64_t>(vocab), stream,
                         entropy);
}

std::vector<int32_t> draws(SequenceSampler sampler, const std::vector<float>& row, int count) {
  Workspace workspace = workspace_for(row);
  std::vector<int32_t> ids;
  for (int i = 0; i < count; ++i) ids.push_back(sampler.sample(row, {}, workspace).value().id);
  return ids;
}

TEST(Sampler, GreedyTakesTheLowestOfTheLikeliest) {
  std::vector<float> row(100, 1.0f);
  row[40] = row[70] = 5;
  for (const float temperature : {0.0f, 9e-6f}) {
    EXPECT_EQ(draws(sampler_of({.temperature = temperature}, 100), row, 2),
              (std::vector<int32_t>{40, 40}));
  }
}

TEST(Sampler, LeavesTheRowAlone) {
  const auto row = random_row(500, 1);
  auto copy = row;
  draws(sampler_of({.top_k = 5,
                    .top_p = 0.5f,
                    .frequency_penalty = 1,
                    .repetition_penalty = 2,
                    .logit_bias = {{3, 7}},
                    .seed = 1},
                   500),
        copy, 3);
  EXPECT_EQ(copy, row);
}

TEST(Sampler, LogprobsAreThoseOfTheRawRow) {
  const auto row = random_row(500, 2);
  const auto order = sorted_ids(row);
  const auto probabilities = softmax(row);
  SamplingParams params{.temperature = 0.3f, .logprobs = 3};
  params.allowed_token_ids = {{order[400]}};
  auto sampler = sampler_of(params, 500);
  EXPECT_EQ(sampler.best_capacity(), 3u);
  Workspace workspace = workspace_for(row);
  std::vector<TokenLogprob> best(3);
  const Token token = sampler.sample(row, best, workspace).value();
  EXPECT_EQ(token.id, order[400]);
  EXPECT_EQ(token.rank, 401);
  EXPECT_NEAR(token.logprob, std::log(probabilities[static_cast<size_t>(order[400])]), 1e-5);
  ASSERT_EQ(token.num_best, 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(best[i].id, order[i]);
  EXPECT_EQ(sampler.generated_tokens(), 1);
}

TEST(Sampler, WhatNobodyWantsIsNotComputedAndChangesNoToken) {
  const auto row = random_row(500, 8);
  Workspace workspace = workspace_for(row);
  const auto token_of = [&](const SamplingParams& params) {
    auto sampler = sampler_of(params, 500);
    std::vector<TokenLogprob> best(sampler.best_capacity());
    return sampler.sample(row, best, workspace).value();
  };
  for (const float temperature : {0.0f, 0.8f}) {
    const SamplingParams all{.temperature = temperature, .seed = 4, .logprobs = 1};
    const SamplingParams sum{.temperature = temperature, .seed = 4};
    SamplingParams none = sum;
    none.cumulative_logprob = false;
    EXPECT_EQ(token_of(sum).id, token_of(all).id);
    EXPECT_EQ(token_of(sum).logprob, token_of(all).logprob);
    EXPECT_EQ(token_of(sum).rank, 0);
    EXPECT_EQ(token_of(none).id, token_of(all).id);
    EXPECT_EQ(token_of(none).logprob, 0);
  }
}

TEST(Sampler, BestHoldsWhatWasAskedForAtMost) {
  const auto row = random_row(50, 2);
  Workspace workspace = workspace_for(row);
  std::vector<TokenLogprob> best(10);
  EXPECT_EQ(sampler_of({.logprobs = 3}, 50).sample(row, best, workspace).value().num_best, 3u);
  EXPECT_EQ(sampler_of({.logprobs = 0}, 50).sample(row, best, workspace).value().num_best, 0u);
  EXPECT_EQ(sampler_of({}, 50).sample(row, best, workspace).value().num_best, 0u);
  const auto two = std::span(best).first(2);
  EXPECT_EQ(sampler_of({.logprobs = 3}, 50).sample(row, two, workspace).value().num_best, 2u);
}

// A chi-square test per setting: the sum of squares over n degrees of freedom stays within
// n + 6 sqrt(2 n).
TEST(Sampler, DrawsFollowTheDistribution) {
  constexpr int kDraws = 50'000;
  const std::vector<float> row = {0.5f, 1.0f, -1.0f, 2.0f, 0.0f, 1.5f, -0.5f, 0.25f};
  for (const SamplingParams& params :
       {SamplingParams{.seed = 1}, SamplingParams{.temperature = 0.5f, .seed = 2},
        SamplingParams{.temperature = 2, .seed = 3}}) {
    const auto wanted = softmax(row, params.temperature);
    std::map<int32_t, int> counts;
    for (const int32_t id : draws(sampler_of(params, row.size()), row, kDraws)) ++counts[id];
    double chi = 0;
    for (size_t i = 0; i < row.size(); ++i) {
      const double mean = wanted[i] * kDraws;
      chi += std::pow(counts[static_cast<int32_t>(i)] - mean, 2) / mean;
    }
    EXPECT_LT(chi, 7 + 6 * std::sqrt(14.0)) << params.temperature;
  }
}

TEST(Sampler, FiltersBoundWhatIsDrawn) {
  const auto row = random_row(1000, 5, 1);
  const auto order = sorted_ids(row);
  for (const int32_t id : draws(sampler_of({.top_k = 3, .seed = 1}, 1000), row, 300)) {
    EXPECT_TRUE(id == order[0] || id == order[1] || id == order[2]);
  }
  for (const int32_t id : draws(sampler_of({.min_p = 1, .seed = 1}, 1000), row, 30)) {
    EXPECT_EQ(id, order[0]);
  }
  for (const int32_t id : draws(sampler_of({.top_p = 1e-6f, .seed = 1}, 1000), row, 30)) {
    EXPECT_EQ(id, order[0]);
  }
}

TEST(Sampler, SeedAndStreamDecideNotEntropy) {
  const auto row = random_row(1000, 5, 1);
  const SamplingParams seeded{.seed = 7};
  const auto first = draws(sampler_of(seeded, 1000, 0, 1), row, 50);
  EXPECT_EQ(first, draws(sampler_of(seeded, 1000, 0, 2), row, 50));
  EXPECT_NE(first, draws(sampler_of(seeded, 1000, 1, 1), row, 50));
  EXPECT_NE(first, draws(sampler_of({.seed = -7}, 1000, 0, 1), row, 50));
  EXPECT_NE(draws(sampler_of({}, 1000, 0, 1), row, 50), draws(sampler_of({}, 1000, 0, 2), row, 50));
}

TEST(Sampler, TheSameAloneAndAmongOthers) {
  const SamplingParams params{.temperature = 0.9f,
                              .top_p = 0.95f,
                              .frequency_penalty = 0.5f,
                              .repetition_penalty = 1.2f,
                              .seed = 11};
  std::vector<std::vector<float>> rows;
  for (uint64_t i = 0; i < 20; ++i) rows.push_back(random_row(2000, i, 2));
  Workspace workspace = workspace_for(rows[0]);
  auto alone = sampler_of(params, 2000);
  std::vector<int32_t> wanted;
  for (const auto& row : rows) wanted.push_back(alone.sample(row, {}, workspace).value().id);
  auto one = sampler_of(params, 2000);
  auto other = sampler_of({.top_k = 9, .seed = 3}, 2000);
  std::vector<int32_t> found;
  for (const auto& row : rows) {
    static_cast<void>(other.sample(rows[3], {}, workspace));
    found.push_back(one.sample(row, {}, workspace).value().id);
  }
  EXPECT_EQ(found, wanted);
}

TEST(Sampler, ACopyGoesOnAlike) {
  const auto row = random_row(300, 1, 1);
  Workspace workspace = workspace_for(row);
  auto first = sampler_of({.presence_penalty = 2, .bad_words_token_ids = {{1, 2}}, .seed = 1}, 300);
  for (int i = 0; i < 10; ++i) static_cast<void>(first.sample(row, {}, workspace));
  const auto copy = first;
  EXPECT_EQ(copy.generated_tokens(), 10);
  EXPECT_EQ(draws(first, row, 20), draws(copy, row, 20));
}

TEST(Sampler, PenaltiesAndEditsFollowTheOutput) {
  const std::vector<float> row = {3, 2.5f, 2, 0};
  EXPECT_EQ(draws(sampler_of({.temperature = 0, .presence_penalty = 2}, 4), row, 5),
            (std::vector<int32_t>{0, 1, 2, 0, 0}));
  EXPECT_EQ(draws(sampler_of({.temperature = 0, .frequency_penalty = 1}, 4), row, 4),
            (std::vector<int32_t>{0, 1, 0, 2}));
  // The prompt is {1, 2}.
  EXPECT_EQ(draws(sampler_of({.temperature = 0, .repetition_penalty = 1.5f}, 4), row, 2),
            (std::vector<int32_t>{0, 0}));
  EXPECT_EQ(draws(sampler_of({.temperature = 0, .min_tokens = 2, .eos_token_ids = {0}}, 4), row, 3),
            (std::vector<int32_t>{1, 1, 0}));
  EXPECT_EQ(draws(sampler_of({.temperature = 0, .bad_words_token_ids = {{0, 0}}}, 4), row, 4),
            (std::vector<int32_t>{0, 1, 0, 1}));
  EXPECT_EQ(draws(sampler_of({.temperature = 0, .logit_bias = {{3, 50}}}, 4), row, 1),
            (std::vector<int32_t>{3}));
}

// vLLM's order shows where a bias meets a penalty: (2 + 2) / 2 < 3, while 2 / 2 + 2 would tie.
TEST(Sampler, BiasComesBeforePenalties) {
  const std::vector<float> row = {2.5f, 2, 0, 0};
  const SamplingParams params{.temperature = 0, .repetition_penalty = 2, .logit_bias = {{1, 2}}};
  EXPECT_EQ(draws(sampler_of(params, 4), row, 1), (std::vector<int32_t>{0}));
}

TEST(Sampler, RefusesRowsWithoutADistribution) {
  for (const float temperature : {0.0f, 1.0f}) {
    auto sampler = sampler_of({.temperature = temperature, .top_p = 0.5f, .logprobs = 5}, 300);
    std::vector<TokenLogprob> best(5);
    for (const float bad : {kNan, kInf}) {
      auto row = random_row(300, 1);
      row[123] = bad;
      Workspace workspace = workspace_for(row);
      const auto token = sampler.sample(row, best, workspace);
      ASSERT_FALSE(token);
      EXPECT_EQ(token.error().code, Code::kInvalidArgument);
      EXPECT_THAT(token.error().message, HasSubstr("for id 123"));
    }
    const std::vector<float> nothing(300, -kInf);
    Workspace workspace = workspace_for(nothing);
    const auto token = sampler.sample(nothing, best, workspace);
    ASSERT_FALSE(token);
    EXPECT_THAT(token.error().message, HasSubstr("found only -inf"));
    EXPECT_EQ(sampler.generated_tokens(), 0);
  }
}

TEST(Sampler, RefusesWhenEveryTokenIsForbidden) {
  SamplingParams params{.bad_words_token_ids = {{5}, {6}}};
  params.allowed_token_ids = {{5, 6}};
  const auto row = random_row(50, 1);
  Workspace workspace = workspace_for(row);
  auto sampler = sampler_of(params, 50);
  const auto token = sampler.sample(row, {}, workspace);
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, Code::kInvalidArgument);
  EXPECT_THAT(token.error().message, HasSubstr("allowed_token_ids"));
  EXPECT_EQ(sampler.generated_tokens(), 0);
}

TEST(Sampler, ExtremeButValidRows) {
  std::vector<float> row(300, -3e38f);
  row[7] = 3e38f;
  for (const SamplingParams& params :
       {SamplingParams{.temperature = 1e-5f, .top_k = 2, .top_p = 0.5f, .min_p = 0.5f},
        SamplingParams{.temperature = 2, .frequency_penalty = 2, .repetition_penalty = 1e-30f},
        SamplingParams{.temperature = 0, .logprobs = -1}}) {
    EXPECT_EQ(draws(sampler_of(params, 300), row, 1), std::vector<int32_t>{7});
  }
}

}  // namespace
}  // namespace spyre::sample
