// Requests in flight: who leaves, what fails, what comes too early.
#include "serve/openai/generation.h"

#include "serve/openai/api_fixture.h"

namespace spyre::serve::openai {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::two_tokens;

class Generations : public testing::Api {
 protected:
  std::shared_ptr<testing::FakeExchange> complete_two(bool stream) {
    return complete({{"prompt", Json::array({{1}, {2}})}, {"stream", stream}});
  }
  void fail(engine::RequestId id, Code code, const std::string& message) {
    engine::RequestOutput output;
    output.error = Error{code, message};
    engine_.finish(id, std::move(output));
  }
};

TEST_F(Generations, AClientThatLeavesHasItsRequestsAborted) {
  for (const bool stream : {false, true}) {
    engine_.submitted.clear();
    engine_.aborted.clear();
    const auto exchange = complete_two(stream);
    EXPECT_EQ(engine_.submitted.size(), 2u);
    exchange->leave();
    EXPECT_EQ(engine_.aborted, (std::vector<engine::RequestId>{0, 1}));
    engine_.play(0, {two_tokens()});
    engine_.finish(1, {});
    EXPECT_EQ(in_flight_, 0);
  }
}

TEST_F(Generations, AClientThatLeftBeforeIsNotServed) {
  std::shared_ptr<testing::FakeExchange> exchange;
  http::Request request{.method = "POST",
                        .path = "/v1/completions",
                        .query = "",
                        .headers = {{"content-type", "application/json"}},
                        .body = R"({"prompt": "a"})"};
  exchange = std::make_shared<testing::FakeExchange>(request);
  exchange->leave();
  routes_[0].handler(exchange);
  EXPECT_TRUE(engine_.submitted.empty());
}

TEST_F(Generations, LeavingAfterTheAnswerAbortsNothing) {
  answer_with({two_tokens()});
  const auto exchange = complete({{"prompt", "a"}});
  exchange->leave();
  EXPECT_TRUE(engine_.aborted.empty());
}

TEST_F(Generations, WhatFitsNoShapeNamesTheFieldToChange) {
  engine_.refuse = [](size_t) {
    return Error{Code::kInvalidArgument, "No applicable warmup shape exists for combination ..."};
  };
  engine_.context_tokens = 50;
  for (const bool stream : {false, true}) {
    const Json few = {{"prompt", {1}}, {"max_tokens", 60}, {"stream", stream}};
    EXPECT_EQ(refusal("/v1/completions", few), "400 BadRequestError max_tokens");
    const Json many = {{"prompt", std::vector<int>(60, 1)}, {"stream", stream}};
    EXPECT_EQ(refusal("/v1/completions", many), "400 BadRequestError prompt");
  }
  engine_.context_tokens = 0;
  const Json chat = {{"messages", {{{"role", "user"}, {"content", "a"}}}}};
  EXPECT_EQ(refusal("/v1/chat/completions", chat), "400 BadRequestError messages");
}

TEST_F(Generations, AFullQueueAsksToComeBackAndTakesNothing) {
  engine_.refuse = [](size_t index) -> std::optional<Error> {
    if (index == 0) return std::nullopt;
    return Error{Code::kResourceExhausted, "max_num_queued_reqs: 1 wait"};
  };
  for (const bool stream : {false, true}) {
    engine_.submitted.clear();
    engine_.aborted.clear();
    const auto exchange = complete_two(stream);
    EXPECT_EQ(exchange->status, 503);
    EXPECT_EQ(exchange->json()["error"]["type"], "Service Unavailable");
    EXPECT_NE(exchange->header("Retry-After"), "");
    EXPECT_EQ(engine_.aborted, std::vector<engine::RequestId>{0});
    // What the first one still has to say is not heard.
    engine_.play(0, {two_tokens()});
    EXPECT_EQ(exchange->answers, 1);
  }
}

TEST_F(Generations, AStoppingEngineIsUnavailable) {
  engine_.refuse = [](size_t) { return Error{Code::kUnavailable, "the engine is draining"}; };
  EXPECT_EQ(complete({{"prompt", "a"}})->status, 503);
}

TEST_F(Generations, AFailureIsAnErrorThatTellsNoPaths) {
  const auto exchange = complete_two(false);
  fail(0, Code::kInternal, "/secret/path is broken");
  EXPECT_EQ(exchange->status, 500);
  EXPECT_EQ(exchange->json()["error"]["type"], "InternalServerError");
  EXPECT_THAT(exchange->body, Not(HasSubstr("/secret")));
  EXPECT_EQ(engine_.aborted, (std::vector<engine::RequestId>{0, 1}));
  engine_.finish(1, {});
  EXPECT_EQ(exchange->answers, 1);
}

TEST_F(Generations, AFailureInAStreamIsItsLastEvent) {
  const auto exchange = complete({{"prompt", "a"}, {"stream", true}});
  engine_.tell_prompt(0);
  const std::vector<int32_t> ids = {4};
  engine_.tell(0, {.text = "ab", .token_ids = ids});
  fail(0, Code::kInternal, "broken");
  const auto events = exchange->events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0]["choices"][0]["text"], "ab");
  EXPECT_EQ(events[1]["error"]["code"], 500);
  EXPECT_TRUE(exchange->done());
  EXPECT_EQ(exchange->status, 200);
}

TEST_F(Generations, AnAbortedStreamEndsItsChoices) {
  const auto exchange =
      chat({{"messages", {{{"role", "user"}, {"content", "a"}}}}, {"n", 2}, {"stream", true}});
  const std::vector<int32_t> ids = {4};
  engine_.tell(0, {.choice = 1,
                   .text = "ab",
                   .token_ids = ids,
                   .finished = true,
                   .finish_reason = sample::FinishReason::kLength});
  engine_.finish(0, {});
  std::vector<std::string> reasons(2);
  for (const Json& event : exchange->events()) {
    const Json& choice = event["choices"][0];
    if (!choice["finish_reason"].is_null()) {
      reasons.at(choice["index"]) += choice["finish_reason"].get<std::string>();
    }
  }
  EXPECT_EQ(reasons, (std::vector<std::string>{"abort", "length"}));
  EXPECT_TRUE(exchange->done());
}

TEST_F(Generations, AStreamIsOpenBeforeTheFirstToken) {
  const auto exchange = complete({{"prompt", "a"}, {"stream", true}});
  EXPECT_EQ(exchange->status, 200);
  EXPECT_EQ(exchange->body, "");
  engine_.play(0, {two_tokens()});
  EXPECT_TRUE(exchange->done());
}

TEST_F(Generations, AbortedWholeAnswersSaySo) {
  const auto exchange = complete({{"prompt", "a"}});
  engine::RequestOutput output;
  output.completions = {{.index = 0, .token_ids = {4}, .text = "ab"}};
  engine_.finish(0, std::move(output));
  EXPECT_EQ(exchange->json()["choices"][0]["finish_reason"], "abort");
}

}  // namespace
}  // namespace spyre::serve::openai
