// Load on a server in this process that answers by rote.
#include "loadtest/load.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "serve/http/server.h"

namespace spyre::loadtest {
namespace {

using testing::HasSubstr;
namespace http = serve::http;

bool never() { return false; }
void ignore(int64_t) {}

class LoadTest : public testing::Test {
 protected:
  LoadTest() {
    http::ServerOptions options;
    options.host = "127.0.0.1";
    options.port = 0;
    const auto complete = [this](const std::shared_ptr<http::Exchange>& exchange) {
      answer(exchange);
    };
    const auto ready = [](const std::shared_ptr<http::Exchange>& exchange) {
      exchange->send({.body = "{}"});
    };
    const auto embed = [](const std::shared_ptr<http::Exchange>& exchange) {
      const Json body = *parse_json(exchange->request().body, "body");
      if (body["input"].is_string()) return exchange->send({.status = 400, .body = "no text"});
      const Json answer = {{"data", {{{"index", 0}, {"embedding", {0.5}}}}},
                           {"usage", {{"prompt_tokens", body["input"].size()}}}};
      exchange->send({.body = answer.dump()});
    };
    auto server = http::Server::start(
        options, {{.method = "POST", .path = "/v1/completions", .handler = complete},
                  {.method = "POST", .path = "/v1/embeddings", .handler = embed},
                  {.method = "GET", .path = "/health", .handler = ready}});
    server_ = std::move(*server);
    options_.target.url = {
        .host = "127.0.0.1", .port = std::to_string(server_->port()), .path = ""};
    options_.fields.model = "model";
  }
  ~LoadTest() override { server_->stop(std::chrono::milliseconds(0)); }

  // As many pieces as tokens are asked for, each the number of the prompt's tokens.
  void answer(const std::shared_ptr<http::Exchange>& exchange) {
    const Json body = *parse_json(exchange->request().body, "body");
    ++asked_;
    if (body["max_tokens"] == 13) return exchange->send({.status = 500, .body = "unlucky"});
    if (body["max_tokens"] == 14) return;  // a server error: nobody answers
    exchange->begin({.content_type = "text/event-stream"});
    const Json piece = {{"choices", {{{"text", std::to_string(body["prompt"].size())}}}}};
    for (int64_t i = 0; i < body["max_tokens"]; ++i) {
      exchange->write("data: " + piece.dump() + "\n\n");
    }
    const Json usage = {
        {"choices", Json::array()},
        {"usage",
         {{"prompt_tokens", body["prompt"].size()}, {"completion_tokens", body["max_tokens"]}}}};
    exchange->write("data: " + usage.dump() + "\n\ndata: [DONE]\n\n");
    exchange->end();
  }

  static std::vector<Prompt> prompts(int64_t count) {
    std::vector<Prompt> all;
    for (int64_t i = 0; i < count; ++i) {
      all.push_back({.content = Json(std::vector<int64_t>(static_cast<size_t>(i % 7 + 1), i)),
                     .output_tokens = i % 5 + 1});
    }
    return all;
  }

  std::unique_ptr<http::Server> server_;
  std::atomic<int64_t> asked_ = 0;
  LoadOptions options_;
};

TEST_F(LoadTest, EveryPromptGetsItsOwnAnswer) {
  options_.max_concurrency = 8;
  int64_t last_done = 0;
  const auto result =
      run_load(options_, prompts(100), [&](int64_t done) { last_done = done; }, never);
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->outcomes.size(), 100u);
  for (size_t i = 0; i < 100; ++i) {
    const Outcome& outcome = result->outcomes[i];
    const auto tokens = static_cast<int64_t>(i % 7 + 1);
    EXPECT_TRUE(outcome.ok) << outcome.error;
    EXPECT_EQ(outcome.input_tokens, tokens);
    EXPECT_EQ(outcome.output_tokens, static_cast<int64_t>(i % 5 + 1));
    std::string text;
    for (size_t piece = 0; piece < i % 5 + 1; ++piece) text += std::to_string(tokens);
    EXPECT_EQ(outcome.text, text);
    EXPECT_EQ(outcome.gaps.size(), i % 5);
    EXPECT_LE(outcome.first_token, outcome.latency);
  }
  EXPECT_EQ(last_done, 100);
  EXPECT_LE(result->peak_concurrency, 8);
  EXPECT_LE(server_->open_connections(), 8);
}

TEST_F(LoadTest, ArrivalsAreKept) {
  options_.arrivals = {.requests_per_second = 500};
  const auto result = run_load(options_, prompts(20), ignore, never);
  ASSERT_TRUE(result);
  const std::vector<double> times = arrival_seconds(options_.arrivals, 20);
  for (size_t i = 0; i < 20; ++i) EXPECT_GE(result->outcomes[i].start, times[i]);
}

TEST_F(LoadTest, FailuresAreCountedAndTheRestGoesOn) {
  std::vector<Prompt> some = prompts(3);
  some[1].output_tokens = 13;
  const auto result = run_load(options_, some, ignore, never);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->outcomes[0].ok);
  EXPECT_FALSE(result->outcomes[1].ok);
  EXPECT_EQ(result->outcomes[1].error, "HTTP 500: unlucky");
  EXPECT_TRUE(result->outcomes[2].ok);
}

TEST_F(LoadTest, NobodyThere) {
  options_.target.url.port = "1";
  const auto result = run_load(options_, prompts(2), ignore, never);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->outcomes[0].ok);
  EXPECT_FALSE(result->outcomes[0].error.empty());
  options_.target.url.host = "no such host";
  EXPECT_EQ(run_load(options_, prompts(2), ignore, never).error().code, Code::kUnavailable);
}

TEST_F(LoadTest, StopsWhenAsked) {
  options_.arrivals = {.requests_per_second = 0.001};
  const auto result = run_load(options_, prompts(3), ignore, [] { return true; });
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->outcomes.empty());
}

TEST_F(LoadTest, AsksOnceAndWaits) {
  EXPECT_EQ(*ask_once(options_.target, "/health", ""), "{}");
  EXPECT_THAT(ask_once(options_.target, "/nowhere", "").error().message, HasSubstr("HTTP 404"));
  EXPECT_TRUE(wait_until_ready(options_.target, "/health", 10, never));
  EXPECT_EQ(wait_until_ready(options_.target, "/nowhere", 0, never).error().code,
            Code::kDeadlineExceeded);
  EXPECT_EQ(wait_until_ready(options_.target, "/nowhere", 60, [] { return true; }).error().code,
            Code::kCancelled);
}

TEST_F(LoadTest, AnswersThatComeWhole) {
  options_.fields.api = Api::kEmbeddings;
  options_.target.endpoint = "/v1/embeddings";
  options_.max_concurrency = 4;
  std::vector<Prompt> some = prompts(20);
  some[3].content = "fails";
  const auto result = run_load(options_, some, ignore, never);
  ASSERT_TRUE(result) << result.error().message;
  for (size_t i = 0; i < 20; ++i) {
    const Outcome& outcome = result->outcomes[i];
    if (i == 3) {
      EXPECT_EQ(outcome.error, "HTTP 400: no text");
      continue;
    }
    EXPECT_TRUE(outcome.ok) << outcome.error;
    EXPECT_EQ(outcome.input_tokens, static_cast<int64_t>(i % 7 + 1));
    EXPECT_EQ(outcome.output_tokens, 0);
    EXPECT_GT(outcome.latency, 0);
    EXPECT_EQ(outcome.first_token, outcome.latency);
  }
}

TEST(RequestBody, OfBothApis) {
  const Prompt prompt{.content = "hello", .output_tokens = 5};
  const Json completion = request_body({.model = "m", .ignore_eos = true}, prompt);
  EXPECT_EQ(completion["prompt"], "hello");
  EXPECT_EQ(completion["max_tokens"], 5);
  EXPECT_EQ(completion["ignore_eos"], true);
  EXPECT_EQ(completion["stream_options"]["include_usage"], true);
  const Json chat = request_body(
      {.api = Api::kChat, .model = "m", .more = {{"temperature", 0.5}, {"top_k", 3}}}, prompt);
  EXPECT_EQ(chat["messages"], Json::parse(R"([{"role":"user","content":"hello"}])"));
  EXPECT_EQ(chat["temperature"], 0.5);
  EXPECT_EQ(chat["top_k"], 3);
  EXPECT_FALSE(chat.contains("ignore_eos"));
}

TEST(RequestBody, OfPoolingApis) {
  const Json embeddings = request_body(
      {.api = Api::kEmbeddings, .model = "m", .temperature = 1, .more = {{"dimensions", 8}}},
      {.content = {1, 2, 3}, .output_tokens = 5});
  EXPECT_EQ(embeddings.dump(),
            R"({"model":"m","truncate_prompt_tokens":-1,"input":[1,2,3],"dimensions":8})");
  const Json pooling = request_body({.api = Api::kPooling, .model = "m"}, {.content = "text"});
  EXPECT_EQ(pooling["input"], "text");
  const Json rerank =
      request_body({.api = Api::kRerank, .model = "m"}, {.content = {"query", "a", "b"}});
  EXPECT_EQ(rerank["query"], "query");
  EXPECT_EQ(rerank["documents"], Json::parse(R"(["a", "b"])"));
  EXPECT_FALSE(rerank.contains("stream"));
}

TEST(RequestBody, ContentIsCheckedForTheApi) {
  EXPECT_TRUE(check_content(Api::kRerank, {"query", "document"}));
  for (const Json& wrong : {Json("text"), Json({1, 2}), Json({"query"}), Json::array()}) {
    EXPECT_FALSE(check_content(Api::kRerank, wrong)) << wrong;
  }
  EXPECT_TRUE(check_content(Api::kEmbeddings, {"several", "texts"}));
  EXPECT_TRUE(check_content(Api::kChat, "text"));
  EXPECT_THAT(check_content(Api::kCompletions, {"a", "b"}).error().message,
              HasSubstr("found a list of texts"));
}

TEST(UsualEndpoint, OfEachApi) {
  EXPECT_EQ(usual_endpoint(Api::kCompletions), "/v1/completions");
  EXPECT_EQ(usual_endpoint(Api::kChat), "/v1/chat/completions");
  EXPECT_EQ(usual_endpoint(Api::kEmbeddings), "/v1/embeddings");
  EXPECT_EQ(usual_endpoint(Api::kRerank), "/rerank");
  EXPECT_EQ(usual_endpoint(Api::kPooling), "/pooling");
}

}  // namespace
}  // namespace spyre::loadtest
