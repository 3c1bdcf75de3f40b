#include "serve/openai/gate.h"

#include "serve/openai/api_fixture.h"

namespace spyre::serve::openai {
namespace {

using ::testing::HasSubstr;

class Gate : public testing::Api {};

TEST_F(Gate, BeforeTheModelIsReadyThePhaseIsSaid) {
  has_service_ = false;
  Lifecycle& lifecycle = lifecycle_;
  for (const Phase phase : {Phase::kLoading, Phase::kWarmingUp, Phase::kReady}) {
    lifecycle.enter(phase);
    const auto exchange = complete({{"prompt", "a"}});
    EXPECT_EQ(exchange->status, 503);
    EXPECT_EQ(exchange->json()["error"]["type"], "Service Unavailable");
    EXPECT_THAT(exchange->body, HasSubstr(std::string(name(phase))));
    EXPECT_GE(std::stoi(exchange->header("Retry-After")), 1);
    EXPECT_LE(std::stoi(exchange->header("Retry-After")), 60);
  }
}

TEST_F(Gate, ADrainingServerTakesNothing) {
  lifecycle_.enter(Phase::kDraining);
  const auto exchange = chat({{"messages", {{{"role", "user"}, {"content", "a"}}}}});
  EXPECT_EQ(exchange->status, 503);
  EXPECT_THAT(exchange->body, HasSubstr("shutting down"));
  EXPECT_TRUE(engine_.submitted.empty());
}

TEST_F(Gate, ADeadEngineKeepsItsReasonsToItself) {
  lifecycle_.die("out of memory at /some/path");
  const auto exchange = complete({{"prompt", "a"}});
  EXPECT_EQ(exchange->status, 503);
  EXPECT_THAT(exchange->body, ::testing::Not(HasSubstr("/some/path")));
}

TEST_F(Gate, OnlyJsonIsAMediaType) {
  for (const char* type :
       {"", "text/plain", "application/jsonx", "application/x-www-form-urlencoded"}) {
    const auto exchange =
        ask("POST", "/v1/completions", R"({"prompt":"a"})", {{"Content-Type", type}});
    EXPECT_EQ(exchange->status, 400) << type;
    EXPECT_EQ(exchange->json()["error"]["type"], "Bad Request");
  }
  answer_with({testing::two_tokens()});
  for (const char* type : {"application/json", "Application/JSON ; charset=utf-8"}) {
    EXPECT_EQ(ask("POST", "/v1/completions", R"({"prompt":"a"})", {{"Content-Type", type}})->status,
              200)
        << type;
  }
}

TEST_F(Gate, BodiesThatAreNoObject) {
  const std::string deep = std::string(100'000, '[');
  for (const std::string& body :
       {std::string(), std::string("{"), std::string("[]"), std::string("1"), std::string("null"),
        std::string("{\"prompt\":\"\xFF\"}"), deep, std::string("{\"n\":1e999}")}) {
    for (const char* path :
         {"/v1/completions", "/v1/chat/completions", "/tokenize", "/detokenize"}) {
      const auto exchange = ask("POST", path, body, {{"content-type", "application/json"}});
      EXPECT_EQ(exchange->status, 400) << path << " " << body.substr(0, 20);
      EXPECT_EQ(exchange->json()["error"]["param"], "body");
    }
  }
}

TEST_F(Gate, UnknownModelsAreNamedWithThoseServed) {
  std::string message;
  const Json body = {{"model", "nobody"}, {"prompt", "a"}, {"tokens", {1}}};
  for (const char* path : {"/v1/completions", "/tokenize", "/detokenize"}) {
    EXPECT_EQ(refusal(path, body, &message), "404 NotFoundError model");
    EXPECT_THAT(message, HasSubstr("nobody"));
    EXPECT_THAT(message, HasSubstr("tiny, alias"));
  }
  service_.options.skip_model_name_validation = true;
  EXPECT_EQ(post("/tokenize", body)->status, 200);
}

TEST_F(Gate, RequestsInFlightAreCountedUntilTheirAnswer) {
  const auto exchange = complete({{"prompt", "a"}});
  EXPECT_EQ(in_flight_, 1);
  engine_.play(0, {testing::two_tokens()});
  EXPECT_EQ(exchange->status, 200);
  EXPECT_EQ(in_flight_, 0);
  complete({{"prompt", 5}});
  post("/tokenize", {{"prompt", "a"}});
  EXPECT_EQ(in_flight_, 0);
}

}  // namespace
}  // namespace spyre::serve::openai
