// The offline engine: together = alone, admission, limits, aborts.
#include "engine/generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine_fixture.h"

namespace spyre::engine::testing {
namespace {

constexpr const char* kModel = "decoders/llama";

TEST(Generator, GreedyTokensAreThoseOfTheReference) {
  EngineFixture engine(kModel);
  for (const size_t prompt : {0u, 1u}) {
    const Outcome outcome = engine.run_one(engine.request(prompt));
    EXPECT_EQ(outcome.output.completions[0].token_ids, engine.greedy(prompt));
    EXPECT_EQ(outcome.output.completions[0].finish_reason, sample::FinishReason::kLength);
    EXPECT_EQ(outcome.streamed.at(0), outcome.output.completions[0].text);
  }
}

TEST(Generator, TogetherIsAsAlone) {
  EngineFixture engine(kModel);
  std::vector<Request> requests;
  for (const size_t prompt : {2u, 0u, 1u, 1u, 0u, 2u, 1u, 0u, 1u, 2u, 0u}) {
    Request request = engine.request(prompt, 5 + static_cast<int64_t>(3 * requests.size()) % 17);
    request.params.temperature = 0.8f;
    request.params.seed = 40 + requests.size();
    requests.push_back(request);
  }
  const auto together = engine.run(requests);
  for (size_t i = 0; i < requests.size(); ++i) {
    const Outcome alone = engine.run_one(requests[i]);
    EXPECT_EQ(together.at(i).output.completions[0].token_ids, alone.output.completions[0].token_ids)
        << "request " << i;
    EXPECT_EQ(together.at(i).streamed, alone.streamed);
  }
}

TEST(Generator, PromptChunksDoNotChangeTheAnswer) {
  EngineFixture whole(kModel);
  EngineFixture chunked(kModel, {.max_num_seqs = 1, .prefill_rows = 7});
  const Outcome a = whole.run_one(whole.request(2));
  const Outcome b = chunked.run_one(chunked.request(2));
  EXPECT_EQ(a.output.completions[0].token_ids, b.output.completions[0].token_ids);
  EXPECT_EQ(a.output.completions[0].cumulative_logprob, b.output.completions[0].cumulative_logprob);
}

TEST(Generator, TheModelLengthEndsAnAnswer) {
  EngineFixture engine(kModel);  // max_model_len 128
  Request request = engine.request(2, 1000);
  const auto prompt_tokens = static_cast<int64_t>(request.prompt.size());
  const Outcome outcome = engine.run_one(request);
  EXPECT_EQ(static_cast<int64_t>(outcome.output.completions[0].token_ids.size()),
            128 - prompt_tokens);
  EXPECT_EQ(outcome.output.completions[0].finish_reason, sample::FinishReason::kLength);
}

TEST(Generator, RefusesWhatCanNeverRun) {
  EngineFixture engine(kModel, {.max_num_seqs = 2});
  const auto refusal = [&](const Request& request) {
    const Status status = engine.generator().submit(1, request);
    return status ? std::string("accepted") : status.error().message;
  };
  Request empty = engine.request(0);
  empty.prompt.clear();
  EXPECT_THAT(refusal(empty), ::testing::HasSubstr("at least one token"));
  Request unknown = engine.request(0);
  unknown.prompt.push_back(1 << 20);
  EXPECT_THAT(refusal(unknown), ::testing::HasSubstr("prompt token 1"));
  Request endless = engine.request(0);
  endless.prompt.assign(128, 3);
  EXPECT_THAT(refusal(endless), ::testing::HasSubstr("--max-model-len"));
  Request crowd = engine.request(0);
  crowd.params.n = 3;
  crowd.params.temperature = 1;
  EXPECT_THAT(refusal(crowd), ::testing::HasSubstr("--max-num-seqs"));
  Request hot = engine.request(0);
  hot.params.temperature = -1;
  EXPECT_THAT(refusal(hot), ::testing::HasSubstr("temperature"));
}

TEST(Generator, AnAbortKeepsWhatWasMade) {
  EngineFixture engine(kModel, {.max_num_seqs = 1});
  Recorder recorder;
  ASSERT_TRUE(engine.generator().submit(0, engine.request(1)));
  ASSERT_TRUE(engine.generator().submit(1, engine.request(1)));
  for (int step = 0; step < 5; ++step) ASSERT_TRUE(engine.generator().step(recorder).value());
  engine.generator().abort_all(recorder);
  const Completion& begun = recorder.outcomes[0].output.completions[0];
  EXPECT_EQ(begun.finish_reason, sample::FinishReason::kAbort);
  EXPECT_EQ(begun.token_ids.size(), 5u);
  EXPECT_EQ(recorder.outcomes[1].output.completions[0].finish_reason, sample::FinishReason::kAbort);
  EXPECT_FALSE(engine.generator().step(recorder).value());
  // Nothing was leaked: the engine serves on.
  EXPECT_EQ(engine.run_one(engine.request(1)).output.completions[0].token_ids, engine.greedy(1));
}

TEST(Generator, WaitingRequestsRunWhenBlocksAreFree) {
  EngineFixture engine(kModel, {.max_num_seqs = 2});
  std::vector<Request> requests(9, engine.request(1, 8));
  const auto outcomes = engine.run(requests);
  ASSERT_EQ(outcomes.size(), 9u);
  for (const auto& [id, outcome] : outcomes) {
    EXPECT_EQ(outcome.output.completions[0].token_ids,
              outcomes.at(0).output.completions[0].token_ids);
  }
}

}  // namespace
}  // namespace spyre::engine::testing
