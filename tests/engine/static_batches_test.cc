// The generator under static batching: in a batch as alone, counted exactly, nothing lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine_fixture.h"
#include "engine/observer_log.h"
#include "schedule/static_batching.h"

namespace spyre::engine::testing {
namespace {

using schedule::StepKind;

constexpr const char* kModel = "decoders/llama";
const EngineSettings kShapes = {
    .shapes = {{.prompt_tokens = 128, .new_tokens = 60, .batch_size = 1},
               {.prompt_tokens = 128, .new_tokens = 24, .batch_size = 4}}};

// Eight requests of every kind.
std::vector<Request> mixed_requests(const EngineFixture& engine) {
  std::vector<Request> requests;
  for (const size_t prompt : {2u, 0u, 1u, 2u, 0u, 1u, 2u, 1u}) {
    requests.push_back(engine.request(prompt, 3 + static_cast<int64_t>(5 * requests.size()) % 20));
    requests.back().params.logprobs = 2;
  }
  requests[1].params.temperature = 0.9f;
  requests[1].params.seed = 3;
  requests[1].params.n = 3;
  requests[3].params.max_tokens = 50;
  requests[4].params.prompt_logprobs = 1;
  requests[5].beam = {.width = 3, .length_penalty = 1, .max_tokens = 10, .ignore_eos = true};
  requests[6].params.prompt_logprobs = 0;
  requests[7].params.max_tokens = 1;
  return requests;
}

void expect_equal(const Outcome& together, const Outcome& alone) {
  ASSERT_FALSE(together.output.error);
  ASSERT_EQ(together.output.completions.size(), alone.output.completions.size());
  for (size_t i = 0; i < alone.output.completions.size(); ++i) {
    const Completion& a = together.output.completions[i];
    const Completion& b = alone.output.completions[i];
    EXPECT_EQ(a.token_ids, b.token_ids);
    EXPECT_EQ(a.text, b.text);
    EXPECT_EQ(a.cumulative_logprob, b.cumulative_logprob);
    EXPECT_EQ(a.finish_reason, b.finish_reason);
    EXPECT_EQ(together.streamed.at(a.index), a.text);
    EXPECT_EQ(together.streamed_tokens.at(a.index), a.token_ids);
    EXPECT_EQ(together.ends.at(a.index), a.finish_reason);
  }
  ASSERT_EQ(together.output.prompt_logprobs.size(), alone.output.prompt_logprobs.size());
  for (size_t i = 0; i < alone.output.prompt_logprobs.size(); ++i) {
    EXPECT_EQ(together.output.prompt_logprobs[i].logprob, alone.output.prompt_logprobs[i].logprob);
  }
  EXPECT_EQ(together.prompts, 1);
  EXPECT_EQ(together.streamed_prompt_logprobs, alone.output.prompt_logprobs.size());
}

TEST(StaticBatches, InABatchAsAloneWhateverTheTile) {
  EngineFixture offline(kModel);
  const std::vector<Request> requests = mixed_requests(offline);
  for (const int64_t rows : {256, 7, 1}) {
    EngineFixture engine(kModel, {.prefill_rows = rows, .shapes = kShapes.shapes});
    const auto together = engine.run(requests);
    EXPECT_EQ(engine.generator().blocks_in_use(), 0);
    for (size_t i = 0; i < requests.size(); ++i) {
      SCOPED_TRACE(fmt::format("rows {}, request {}", rows, i));
      expect_equal(together.at(i), offline.run_one(requests[i]));
      EXPECT_GT(together.at(i).streamed_logprobs, 0u);
    }
  }
}

TEST(StaticBatches, CountsAreExact) {
  constexpr int64_t kRequests = 4;
  constexpr int64_t kMaxTokens = 9;
  EngineFixture engine(kModel, {.prefill_rows = 4, .shapes = kShapes.shapes});
  ObserverLog log;
  engine.generator().set_observer(&log);
  const Request request = engine.request(2, kMaxTokens);
  for (int64_t i = 0; i < kRequests; ++i) engine.run_one(request);
  const auto prompt_tokens = static_cast<int64_t>(request.prompt.size());
  EXPECT_EQ(log.first_tokens, kRequests);
  EXPECT_EQ(log.next_tokens, kRequests * (kMaxTokens - 1));
  EXPECT_EQ(log.scheduled, kRequests);
  EXPECT_EQ(log.prompt_tokens(), kRequests * prompt_tokens);
  EXPECT_EQ(log.generated_tokens(), kRequests * kMaxTokens);
  EXPECT_EQ(log.count(StepKind::kPrefill), kRequests);
  EXPECT_EQ(log.count(StepKind::kDecode), kRequests * (kMaxTokens - 1));
  EXPECT_EQ(std::ssize(log.steps), kRequests * kMaxTokens);
  ASSERT_EQ(std::ssize(log.finished), kRequests);
  const RequestReport& report = log.finished[0];
  EXPECT_EQ(report.prompt_tokens, prompt_tokens);
  EXPECT_EQ(report.generated_tokens, kMaxTokens);
  EXPECT_EQ(report.max_tokens, kMaxTokens);
  EXPECT_EQ(report.finish_reason, sample::FinishReason::kLength);
  EXPECT_FALSE(report.failed);
  EXPECT_LE(*report.scheduled_s, *report.first_token_s);
  EXPECT_LE(*report.first_token_s, *report.last_token_s);
  EXPECT_LE(*report.last_token_s, report.finished_s);
  const StepReport& prefill = log.steps[0];
  EXPECT_EQ(prefill.shape, kShapes.shapes[0]);
  EXPECT_EQ(prefill.padding_tokens, 128 - prompt_tokens);
  EXPECT_GT(prefill.kv_usage, 0);
  EXPECT_EQ(log.steps.back().kv_usage, 0);
  EXPECT_EQ(log.steps.back().running, 0);
}

TEST(StaticBatches, MisfitsAreRefusedInTheWordsOfTheMode) {
  EngineFixture engine(kModel, kShapes);
  const Outcome outcome = engine.run_one(engine.request(0, 61));
  ASSERT_TRUE(outcome.output.error);
  EXPECT_EQ(outcome.output.error->code, Code::kInvalidArgument);
  EXPECT_THAT(outcome.output.error->message,
              ::testing::HasSubstr("No applicable warmup shape exists"));
}

TEST(StaticBatches, AbortsAtEveryStageFreeEverything) {
  EngineFixture engine(kModel, kShapes);
  std::vector<int32_t> answer = engine.greedy(1);
  answer.resize(20);
  ObserverLog log;
  engine.generator().set_observer(&log);
  std::vector<int32_t> first_20 = engine.greedy(1);
  first_20.resize(20);
  for (const int steps : {0, 1, 2, 7}) {
    Recorder recorder;
    for (RequestId id = 0; id < 6; ++id) {
      ASSERT_TRUE(engine.generator().submit(id, engine.request(1, 20)));
    }
    for (int i = 0; i < steps; ++i) ASSERT_TRUE(engine.generator().step(recorder).value());
    EXPECT_FALSE(engine.generator().abort(17, recorder));
    for (const RequestId id : {5u, 0u, 2u}) {
      EXPECT_TRUE(engine.generator().abort(id, recorder));
      EXPECT_FALSE(engine.generator().abort(id, recorder));
      const Completion& completion = recorder.outcomes[id].output.completions[0];
      EXPECT_EQ(completion.finish_reason, sample::FinishReason::kAbort);
      EXPECT_EQ(std::ssize(completion.token_ids), id == 5 ? 0 : steps);
    }
    while (engine.generator().step(recorder).value()) {
    }
    for (const RequestId id : {1u, 3u, 4u}) {
      EXPECT_EQ(recorder.outcomes[id].output.completions[0].token_ids, answer);
    }
    EXPECT_EQ(engine.generator().blocks_in_use(), 0);
  }
  for (RequestId id = 0; id < 3; ++id) {
    ASSERT_TRUE(engine.generator().submit(id, engine.request(1, 20)));
  }
  Recorder recorder;
  ASSERT_TRUE(engine.generator().step(recorder).value());
  engine.generator().abort_all(recorder);
  EXPECT_EQ(recorder.finished.size(), 3u);
  // Gauges go back without a step.
  EXPECT_EQ(log.steps.back().kind, StepKind::kIdle);
  EXPECT_EQ(log.steps.back().running, 0);
  EXPECT_EQ(log.steps.back().kv_usage, 0);
}

TEST(StaticBatches, AnAbortedWaitingRequestHasAllItsChoices) {
  EngineFixture engine(kModel, kShapes);
  Request request = engine.request(1, 20);
  request.params.temperature = 1;
  request.params.n = 3;
  request.first_choice = 4;
  Recorder recorder;
  ASSERT_TRUE(engine.generator().submit(0, request));
  ASSERT_TRUE(engine.generator().abort(0, recorder));
  const auto& completions = recorder.outcomes[0].output.completions;
  ASSERT_EQ(completions.size(), 3u);
  EXPECT_EQ(completions[2].index, 6);
}

TEST(StaticBatches, ChoicesFromTheMiddleAreThoseOfTheWhole) {
  EngineFixture engine(kModel, kShapes);
  Request whole = engine.request(2, 12);
  whole.params.temperature = 1;
  whole.params.n = 4;
  whole.params.seed = 11;
  Request part = whole;
  part.params.n = 2;
  part.first_choice = 2;
  const auto all = engine.run_one(whole).output.completions;
  const auto some = engine.run_one(part).output.completions;
  ASSERT_EQ(some.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(some[i].index, all[2 + i].index);
    EXPECT_EQ(some[i].token_ids, all[2 + i].token_ids);
  }
}

// The cache of the fixture has 16 blocks; the shape promises 20.
TEST(StaticBatches, AShapeBeyondTheCacheHarmsOnlyWhoDoesNotFit) {
  EngineFixture engine(kModel,
                       {.shapes = {{.prompt_tokens = 64, .new_tokens = 64, .batch_size = 10}}});
  const auto outcomes = engine.run(std::vector<Request>(10, engine.request(1, 64)));
  int failed = 0;
  for (const auto& [id, outcome] : outcomes) {
    if (!outcome.output.error) continue;
    ++failed;
    EXPECT_EQ(outcome.output.error->code, Code::kInternal);
  }
  EXPECT_EQ(failed, 2);
  EXPECT_EQ(engine.generator().blocks_in_use(), 0);
}

// What no program was prepared for cannot run, and that is nobody's fault: all end with the error.
TEST(StaticBatches, AFailedStepEndsAllRequests) {
  EngineFixture engine(kModel, {.max_num_seqs = 1, .shapes = {}});
  auto scheduler = schedule::StaticBatching::create(
                       {.shapes = {{.prompt_tokens = 64, .new_tokens = 20, .batch_size = 16}}})
                       .value();
  const auto generator =
      Generator::create(engine.model().runner(), engine.tokenizer(), std::move(scheduler), {})
          .value();
  Recorder recorder;
  for (RequestId id = 0; id < 17; ++id) {
    ASSERT_TRUE(generator->submit(id, engine.request(0, 20)));
  }
  const auto stepped = generator->step(recorder);
  ASSERT_FALSE(stepped);
  EXPECT_EQ(stepped.error().code, Code::kInternal);
  EXPECT_EQ(recorder.finished.size(), 17u);
  EXPECT_TRUE(recorder.outcomes[16].output.error);
  EXPECT_FALSE(generator->step(recorder).value());
}

}  // namespace
}  // namespace spyre::engine::testing
