// Sampling as the engine does it: choices, stops, log-probabilities, beams.
#include <gtest/gtest.h>

#include <set>

#include "engine/engine_fixture.h"

namespace spyre::engine::testing {
namespace {

constexpr const char* kModel = "decoders/llama";

TEST(Sampling, ChoicesDifferAndRepeatWithTheSeed) {
  EngineFixture engine(kModel);
  Request request = engine.request(2, 12);
  request.params.temperature = 1.5f;
  request.params.n = 4;
  request.params.seed = 7;
  const auto tokens = [&] {
    std::vector<std::vector<int32_t>> all;
    for (const Completion& each : engine.run_one(request).output.completions) {
      all.push_back(each.token_ids);
    }
    return all;
  };
  const auto first = tokens();
  ASSERT_EQ(first.size(), 4u);
  EXPECT_GT(std::set(first.begin(), first.end()).size(), 1u);
  EXPECT_EQ(first, tokens());
}

TEST(Sampling, TheFirstChoiceIsThatOfASingleOne) {
  EngineFixture engine(kModel);
  Request request = engine.request(2, 12);
  request.params.temperature = 1.0f;
  request.params.seed = 9;
  const auto alone = engine.run_one(request).output.completions[0].token_ids;
  request.params.n = 3;
  EXPECT_EQ(engine.run_one(request).output.completions[0].token_ids, alone);
}

TEST(Sampling, AStopStringEndsTheText) {
  EngineFixture engine(kModel);
  const std::string whole = engine.run_one(engine.request(1)).output.completions[0].text;
  ASSERT_GT(whole.size(), 8u);
  Request request = engine.request(1);
  request.params.stop = {whole.substr(5, 3)};
  const Completion stopped = engine.run_one(request).output.completions[0];
  EXPECT_EQ(stopped.text, whole.substr(0, whole.find(request.params.stop[0])));
  EXPECT_EQ(stopped.finish_reason, sample::FinishReason::kStop);
  EXPECT_EQ(std::get<std::string>(stopped.stop_reason), request.params.stop[0]);
}

TEST(Sampling, AStopTokenEndsTheAnswer) {
  EngineFixture engine(kModel);
  const auto greedy = engine.greedy(1);
  Request request = engine.request(1);
  request.params.stop_token_ids = {greedy[4]};
  const Completion stopped = engine.run_one(request).output.completions[0];
  EXPECT_EQ(stopped.finish_reason, sample::FinishReason::kStop);
  EXPECT_EQ(std::get<int32_t>(stopped.stop_reason), greedy[4]);
  EXPECT_LE(stopped.token_ids.size(), 5u);
}

TEST(Sampling, LogprobsAreThoseOfTheReference) {
  EngineFixture engine(kModel);
  const Json expected = runner::testing::expected_of(kModel)["prompts"][1];
  Request request = engine.request(1);
  request.params.logprobs = 5;
  request.params.prompt_logprobs = 2;
  const RequestOutput output = engine.run_one(request).output;
  const auto& tokens = output.completions[0].logprobs;
  ASSERT_EQ(tokens.size(), 24u);
  for (size_t i = 0; i < tokens.size(); ++i) {
    EXPECT_NEAR(tokens[i].logprob, expected["greedy"]["logprobs"][i].get<float>(), 2e-3);
    EXPECT_EQ(tokens[i].rank, 1);
    ASSERT_EQ(tokens[i].top.size(), 5u);
    EXPECT_EQ(tokens[i].top[0].id, tokens[i].id);
  }
  ASSERT_EQ(output.prompt_logprobs.size(), request.prompt.size() - 1);
  for (size_t i = 0; i < output.prompt_logprobs.size(); ++i) {
    EXPECT_EQ(output.prompt_logprobs[i].id, request.prompt[i + 1]);
    EXPECT_NEAR(output.prompt_logprobs[i].logprob, expected["prompt_logprobs"][i + 1].get<float>(),
                2e-3);
    EXPECT_EQ(output.prompt_logprobs[i].top.size(), 2u);
  }
}

TEST(Sampling, OneBeamIsGreedy) {
  EngineFixture engine(kModel);
  Request request = engine.request(1);
  request.beam = {.width = 1, .length_penalty = 1.0f, .max_tokens = 24, .ignore_eos = true};
  EXPECT_EQ(engine.run_one(request).output.completions[0].token_ids, engine.greedy(1));
}

TEST(Sampling, BeamsAreOrderedAndAtLeastAsLikelyAsGreedy) {
  EngineFixture engine(kModel);
  Request request = engine.request(1);
  const double greedy = engine.run_one(request).output.completions[0].cumulative_logprob;
  request.beam = {.width = 4, .length_penalty = 1.0f, .max_tokens = 24, .ignore_eos = true};
  const auto beams = engine.run_one(request).output.completions;
  ASSERT_EQ(beams.size(), 4u);
  EXPECT_GE(beams[0].cumulative_logprob, greedy - 1e-4);
  for (size_t i = 1; i < beams.size(); ++i) {
    EXPECT_GE(beams[i - 1].cumulative_logprob, beams[i].cumulative_logprob);
  }
}

}  // namespace
}  // namespace spyre::engine::testing
