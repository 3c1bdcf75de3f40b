// Inputs in flight: how many at a time, who leaves, what fails.
#include "serve/openai/pooling_job.h"

#include <limits>

#include "serve/openai/api_fixture.h"

namespace spyre::serve::openai {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PoolingJobs : public testing::Api {
 protected:
  PoolingJobs() { service_.pooling = PoolingModel{.columns = 1, .activate = false}; }

  std::shared_ptr<testing::FakeExchange> embed(size_t inputs) {
    return post("/v1/embeddings", {{"input", std::vector<std::vector<int>>(inputs, {1})}});
  }
  void finish(engine::RequestId id) { engine_.finish(id, {.pooled = {static_cast<float>(id)}}); }
};

TEST_F(PoolingJobs, AnswersStandInTheOrderOfTheirInputs) {
  const auto exchange = embed(3);
  for (const engine::RequestId id : {2, 0, 1}) {
    EXPECT_EQ(exchange->answers, 0);
    finish(id);
  }
  const Json data = exchange->json()["data"];
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(data[i]["embedding"][0], static_cast<double>(i));
  EXPECT_EQ(in_flight_, 0);
}

TEST_F(PoolingJobs, AWindowOfThemIsInTheEngine) {
  const auto exchange = embed(1000);
  const size_t window = engine_.submitted.size();
  EXPECT_LT(window, 1000u);
  for (engine::RequestId id = 0; id < 1000; ++id) {
    ASSERT_LT(id, engine_.submitted.size());
    EXPECT_LE(engine_.submitted.size() - id, window);
    finish(id);
  }
  EXPECT_EQ(exchange->json()["data"].size(), 1000u);
}

TEST_F(PoolingJobs, AClientThatLeavesHasItsRequestsAborted) {
  const auto exchange = embed(500);
  const size_t submitted = engine_.submitted.size();
  exchange->leave();
  EXPECT_EQ(engine_.aborted.size(), submitted);
  for (engine::RequestId id = 0; id < submitted; ++id) engine_.finish(id, {});
  EXPECT_EQ(engine_.submitted.size(), submitted);
  EXPECT_EQ(in_flight_, 0);
}

TEST_F(PoolingJobs, AFullQueueIsWaitedForWhileOthersOfTheRequestRun) {
  size_t room = 2;
  engine_.refuse = [&](size_t index) -> std::optional<Error> {
    if (index < room) return std::nullopt;
    return Error{Code::kResourceExhausted, "max_num_queued_reqs: 2 wait"};
  };
  const auto exchange = embed(4);
  EXPECT_EQ(engine_.submitted.size(), 2u);
  EXPECT_EQ(exchange->answers, 0);
  for (engine::RequestId id = 0; id < 4; ++id) {
    ++room;
    finish(id);
  }
  EXPECT_EQ(exchange->json()["data"].size(), 4u);
}

TEST_F(PoolingJobs, AQueueThatOthersFillAsksToComeBack) {
  engine_.refuse = [](size_t) { return Error{Code::kResourceExhausted, "the queue is full"}; };
  const auto exchange = embed(4);
  EXPECT_EQ(exchange->status, 503);
  EXPECT_NE(exchange->header("Retry-After"), "");
  EXPECT_EQ(in_flight_, 0);
}

TEST_F(PoolingJobs, WhatTheEngineRefusesIsTheClientsMistake) {
  engine_.refuse = [](size_t index) -> std::optional<Error> {
    if (index == 0) return std::nullopt;
    return Error{Code::kInvalidArgument, "prompt token 0: wanted an id of 0 to 5, found 9"};
  };
  const auto exchange = embed(3);
  EXPECT_EQ(exchange->status, 400);
  EXPECT_EQ(exchange->json()["error"]["param"], "input");
  EXPECT_EQ(engine_.aborted, std::vector<engine::RequestId>{0});
  finish(0);
  EXPECT_EQ(exchange->answers, 1);
}

TEST_F(PoolingJobs, AFailureIsAnErrorThatTellsNoPaths) {
  const auto exchange = embed(2);
  engine_.finish(1, {.error = Error{Code::kInternal, "/secret/path is broken"}});
  EXPECT_EQ(exchange->status, 500);
  EXPECT_THAT(exchange->body, Not(HasSubstr("/secret")));
  finish(0);
  EXPECT_EQ(exchange->answers, 1);
}

TEST_F(PoolingJobs, AnAbortedInputIsUnavailable) {
  const auto exchange = embed(1);
  engine_.finish(0, {});
  EXPECT_EQ(exchange->status, 503);
}

TEST_F(PoolingJobs, ValuesThatAreNoNumbersAreAFailure) {
  for (const std::vector<float>& wrong :
       {std::vector<float>{std::numeric_limits<float>::quiet_NaN()}, std::vector<float>{1, 2}}) {
    engine_.submitted.clear();
    const auto exchange = embed(1);
    engine_.finish(0, {.pooled = wrong});
    EXPECT_EQ(exchange->status, 500);
  }
}

}  // namespace
}  // namespace spyre::serve::openai
