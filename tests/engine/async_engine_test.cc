// The engine's thread: many submitters, aborts, limits, ends.
#include "engine/async_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "engine/async_recorder.h"
#include "engine/observer_log.h"
#include "schedule/static_batching.h"

namespace spyre::engine::testing {
namespace {

using namespace std::chrono_literals;
using sample::FinishReason;

constexpr const char* kModel = "decoders/llama";
constexpr auto kLong = 60s;  // never waited for to its end
const EngineSettings kShapes = {
    .shapes = {{.prompt_tokens = 128, .new_tokens = 100, .batch_size = 1},
               {.prompt_tokens = 128, .new_tokens = 24, .batch_size = 4}}};

class AsyncEngineTest : public ::testing::Test {
 protected:
  // The observer is looked at once the engine is gone.
  std::unique_ptr<AsyncEngine> start(
      const AsyncEngineOptions& options = {.max_queued_requests = 1000},
      const EngineSettings& settings = kShapes) {
    return start_with(fixture_.make_generator(settings), options);
  }
  std::unique_ptr<AsyncEngine> start_with(std::unique_ptr<Generator> generator,
                                          const AsyncEngineOptions& options) {
    generator_ = generator.get();
    return AsyncEngine::start(std::move(generator), options, &log_,
                              [this](const Error& error) {
                                death_ = error.message;
                                ++deaths_;
                              })
        .value();
  }

  EngineFixture fixture_{kModel};
  EngineFixture offline_{kModel};
  ObserverLog log_;
  Generator* generator_ = nullptr;
  std::string death_;
  std::atomic<int> deaths_ = 0;
};

TEST_F(AsyncEngineTest, MixedRequestsOfFourThreadsAreAsAlone) {
  constexpr size_t kThreads = 4;
  constexpr size_t kEach = 4;
  std::vector<Request> requests;
  for (size_t i = 0; i < kThreads * kEach; ++i) {
    Request request = offline_.request(i % 3, 4 + static_cast<int64_t>(7 * i) % 20);
    if (i % 2 == 1) request.params.temperature = 0.9f;
    request.params.seed = static_cast<int64_t>(i);
    if (i % 4 == 1) request.params.n = 2;
    requests.push_back(std::move(request));
  }
  std::vector<std::shared_ptr<AsyncRecorder>> recorders;
  for (size_t i = 0; i < requests.size(); ++i) {
    recorders.push_back(std::make_shared<AsyncRecorder>());
  }
  auto engine = start();
  {
    std::vector<std::jthread> threads;
    for (size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (size_t i = t * kEach; i < (t + 1) * kEach; ++i) {
          EXPECT_TRUE(engine->submit(requests[i], recorders[i]));
        }
      });
    }
  }
  for (size_t i = 0; i < requests.size(); ++i) {
    SCOPED_TRACE(i);
    const Outcome together = recorders[i]->wait();
    const Outcome alone = offline_.run_one(requests[i]);
    ASSERT_EQ(together.output.completions.size(), alone.output.completions.size());
    for (size_t c = 0; c < alone.output.completions.size(); ++c) {
      EXPECT_EQ(together.output.completions[c].token_ids, alone.output.completions[c].token_ids);
    }
    EXPECT_EQ(together.streamed, alone.streamed);
    EXPECT_EQ(together.prompts, 1);
  }
  EXPECT_TRUE(engine->drain(kLong));
  EXPECT_EQ(engine->num_waiting(), 0);
}

TEST_F(AsyncEngineTest, AbortsAtRandomMomentsLoseNothing) {
  std::mt19937 random(5);
  auto engine = start();
  std::vector<std::shared_ptr<AsyncRecorder>> recorders;
  for (int round = 0; round < 40; ++round) {
    auto recorder = std::make_shared<AsyncRecorder>();
    const auto id = engine->submit(offline_.request(random() % 3, 20), recorder);
    ASSERT_TRUE(id);
    recorders.push_back(recorder);
    if (random() % 2 == 0) recorder->wait_for_deltas(static_cast<int64_t>(random() % 5));
    if (random() % 3 != 0) engine->abort(*id);
  }
  engine->abort(1 << 30);
  ASSERT_TRUE(engine->drain(kLong));
  for (const auto& recorder : recorders) {
    const Completion completion = recorder->wait().output.completions.at(0);
    const bool aborted = completion.finish_reason == FinishReason::kAbort;
    EXPECT_TRUE(aborted || completion.token_ids.size() == 20u);
  }
  EXPECT_EQ(engine->num_unfinished(), 0);
  EXPECT_EQ(engine->num_waiting(), 0);
  engine->stop();
  EXPECT_EQ(generator_->blocks_in_use(), 0);
  EXPECT_EQ(log_.finished.size(), 40u);
  EXPECT_EQ(log_.steps.back().running, 0);
  EXPECT_EQ(log_.steps.back().waiting, 0);
}

TEST_F(AsyncEngineTest, AnAbortEndsARequestWithinAStep) {
  auto engine = start();
  auto recorder = std::make_shared<AsyncRecorder>();
  std::atomic<RequestId> id = 0;
  std::atomic<int> deltas = 0;
  recorder->after_delta = [&] {
    while (id == 0) std::this_thread::yield();
    if (++deltas == 3) engine->abort(id);
  };
  id = engine->submit(offline_.request(1, 90), recorder).value();
  EXPECT_EQ(recorder->wait().output.completions[0].token_ids.size(), 3u);
}

TEST_F(AsyncEngineTest, AFullQueueSaysWhichLimit) {
  auto engine = start({.max_queued_requests = 2, .max_queued_tokens = 40});
  std::atomic<bool> go = false;
  auto first = std::make_shared<AsyncRecorder>();
  first->after_delta = [&] {
    while (!go) std::this_thread::yield();
  };
  // Alone it is taken whatever the limits; it then holds the engine inside its first step.
  ASSERT_TRUE(engine->submit(offline_.request(2, 4), first));
  while (engine->num_waiting() > 0) std::this_thread::yield();
  const auto rejection = [&](size_t prompt) {
    const auto id = engine->submit(offline_.request(prompt, 4), std::make_shared<AsyncRecorder>());
    return id ? std::string("accepted") : id.error().message;
  };
  EXPECT_EQ(rejection(1), "accepted");  // 17 tokens
  EXPECT_THAT(rejection(2), ::testing::HasSubstr("max_num_queued_tokens"));
  EXPECT_EQ(rejection(0), "accepted");
  EXPECT_THAT(rejection(0), ::testing::HasSubstr("max_num_queued_reqs"));
  EXPECT_EQ(engine->num_waiting(), 2);
  EXPECT_EQ(engine->num_unfinished(), 3);
  go = true;
  EXPECT_TRUE(engine->drain(kLong));
}

TEST_F(AsyncEngineTest, RefusesWhatCanNeverRunAtOnce) {
  auto engine = start();
  const auto refusal = [&](const Request& request) {
    const auto id = engine->submit(request, std::make_shared<AsyncRecorder>());
    EXPECT_FALSE(id);
    EXPECT_EQ(id.error().code, Code::kInvalidArgument);
    return id.error().message;
  };
  EXPECT_THAT(refusal(offline_.request(1, 101)),
              ::testing::HasSubstr("No applicable warmup shape"));
  Request hot = offline_.request(1);
  hot.params.temperature = 9;
  EXPECT_THAT(refusal(hot), ::testing::HasSubstr("temperature"));
  Request empty;
  EXPECT_THAT(refusal(empty), ::testing::HasSubstr("at least one token"));
  Request wide = offline_.request(1);
  wide.beam = {.width = 5, .length_penalty = 1, .max_tokens = 10};
  EXPECT_THAT(refusal(wide), ::testing::HasSubstr("beam_width"));
  EXPECT_EQ(engine->most_new_tokens(100), 100);
  EXPECT_EQ(engine->num_unfinished(), 0);
}

TEST_F(AsyncEngineTest, MoreChoicesThanRowsRunInParts) {
  EngineFixture wide(kModel, {.max_num_seqs = 8});
  Request request = offline_.request(1, 10);
  request.params.temperature = 1;
  request.params.seed = 21;
  request.params.n = 7;
  request.params.prompt_logprobs = 1;
  const Outcome whole = wide.run_one(request);
  auto engine = start();
  auto recorder = std::make_shared<AsyncRecorder>();
  ASSERT_TRUE(engine->submit(request, recorder));
  const Outcome parts = recorder->wait();
  ASSERT_EQ(parts.output.completions.size(), 7u);
  for (size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(parts.output.completions[i].index, static_cast<int32_t>(i));
    EXPECT_EQ(parts.output.completions[i].token_ids, whole.output.completions[i].token_ids);
  }
  EXPECT_EQ(parts.streamed, whole.streamed);
  EXPECT_EQ(parts.output.prompt_logprobs.size(), request.prompt.size() - 1);
  EXPECT_EQ(parts.prompts, 1);
  ASSERT_TRUE(engine->drain(kLong));
  engine->stop();
  ASSERT_EQ(log_.finished.size(), 1u);
  EXPECT_EQ(log_.finished[0].n, 7);
  EXPECT_EQ(log_.finished[0].generated_tokens, 70);
  EXPECT_EQ(log_.scheduled, 1);
}

TEST_F(AsyncEngineTest, AListenerThatThrowsHarmsOnlyItself) {
  auto engine = start();
  auto thrower = std::make_shared<AsyncRecorder>();
  thrower->after_delta = [] { throw std::runtime_error("a broken pipe"); };
  auto other = std::make_shared<AsyncRecorder>();
  ASSERT_TRUE(engine->submit(offline_.request(1, 20), thrower));
  ASSERT_TRUE(engine->submit(offline_.request(1, 20), other));
  EXPECT_EQ(other->wait().output.completions[0].token_ids.size(), 20u);
  ASSERT_TRUE(engine->drain(kLong));
  EXPECT_EQ(engine->state(), EngineState::kDraining);
  engine->stop();
  EXPECT_EQ(generator_->blocks_in_use(), 0);
}

TEST_F(AsyncEngineTest, DrainingFinishesWhatRunsAndTakesNothingNew) {
  auto engine = start();
  EXPECT_EQ(engine->state(), EngineState::kReady);
  auto recorder = std::make_shared<AsyncRecorder>();
  std::atomic<bool> go = false;
  recorder->after_delta = [&] {
    while (!go) std::this_thread::yield();
  };
  ASSERT_TRUE(engine->submit(offline_.request(1, 20), recorder));
  EXPECT_FALSE(engine->drain(1ms));
  const auto refused = engine->submit(offline_.request(1), std::make_shared<AsyncRecorder>());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  go = true;
  EXPECT_TRUE(engine->drain(kLong));
  EXPECT_EQ(recorder->wait().output.completions[0].token_ids.size(), 20u);
  EXPECT_TRUE(engine->drain(0ms));
}

TEST_F(AsyncEngineTest, StoppingAbortsWhatIsLeft) {
  auto engine = start();
  std::vector<std::shared_ptr<AsyncRecorder>> recorders;
  for (int i = 0; i < 6; ++i) {
    recorders.push_back(std::make_shared<AsyncRecorder>());
    ASSERT_TRUE(engine->submit(offline_.request(1, 90), recorders.back()));
  }
  recorders[0]->wait_for_deltas(1);
  engine->stop();
  engine->stop();
  EXPECT_EQ(engine->state(), EngineState::kStopped);
  for (const auto& recorder : recorders) recorder->wait();
  EXPECT_EQ(recorders[5]->wait().output.completions[0].finish_reason, FinishReason::kAbort);
  EXPECT_EQ(engine->num_unfinished(), 0);
  EXPECT_EQ(generator_->blocks_in_use(), 0);
  EXPECT_FALSE(engine->submit(offline_.request(1), std::make_shared<AsyncRecorder>()));
  engine->abort(1);
}

TEST_F(AsyncEngineTest, AFailedStepIsTheEndOfTheEngine) {
  // No program was prepared for a batch of 16.
  const schedule::Shape shape = {.prompt_tokens = 64, .new_tokens = 20, .batch_size = 16};
  auto scheduler = schedule::StaticBatching::create({.shapes = {shape}}).value();
  auto engine = start_with(
      Generator::create(fixture_.model().runner(), fixture_.tokenizer(), std::move(scheduler), {})
          .value(),
      {.max_queued_requests = 1000});
  auto recorder = std::make_shared<AsyncRecorder>();
  Request request = offline_.request(0, 20);
  request.params.temperature = 1;
  request.params.n = 16;
  ASSERT_TRUE(engine->submit(request, recorder));
  const Outcome outcome = recorder->wait();
  ASSERT_TRUE(outcome.output.error);
  EXPECT_EQ(outcome.output.error->code, Code::kInternal);
  EXPECT_TRUE(engine->drain(kLong));
  engine->stop();
  EXPECT_EQ(engine->state(), EngineState::kDead);
  EXPECT_EQ(deaths_, 1);
  EXPECT_EQ(death_, outcome.output.error->message);
  const auto refused = engine->submit(offline_.request(0, 20), std::make_shared<AsyncRecorder>());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  ASSERT_EQ(log_.finished.size(), 1u);
  EXPECT_TRUE(log_.finished[0].failed);
}

TEST_F(AsyncEngineTest, TheThreadIsPreparedFirst) {
  std::atomic<bool> prepared = false;
  auto engine =
      start({.max_queued_requests = 1, .on_thread_start = [&prepared] { prepared = true; }});
  auto recorder = std::make_shared<AsyncRecorder>();
  ASSERT_TRUE(engine->submit(offline_.request(0, 2), recorder));
  recorder->wait();
  EXPECT_TRUE(prepared);
}

}  // namespace
}  // namespace spyre::engine::testing
