// /score and /rerank, by embeddings and by a cross-encoder.
#include "serve/openai/api_fixture.h"

namespace spyre::serve::openai {
namespace {

using ::testing::HasSubstr;

class Scores : public testing::Api {
 protected:
  Scores() {
    // "a", "b" and "c" are 0, 45 and 90 degrees apart from "a".
    pool_with({.columns = 2}, [this](const engine::Request& request) -> std::vector<float> {
      const std::string text = tokenizer_.decode(request.prompt, true).value();
      if (text == "a") return {1, 0};
      return text == "b" ? std::vector<float>{2, 2} : std::vector<float>{0, 3};
    });
  }
  // The logit of a pair is its number of tokens, less 10.
  void cross_encode() {
    pool_with({.task = PoolingTask::kClassify, .columns = 1}, [](const engine::Request& request) {
      return std::vector<float>{static_cast<float>(request.prompt.size()) - 10};
    });
  }
  std::vector<double> scores(const Json& body) {
    std::vector<double> all;
    for (const Json& each : post("/score", body)->json()["data"]) all.push_back(each["score"]);
    return all;
  }
};

TEST_F(Scores, AreCosinesOfEmbeddings) {
  const auto exchange = post("/v1/score", {{"text_1", "a"}, {"text_2", {"a", "c"}}});
  const Json answer = exchange->json();
  EXPECT_EQ(answer["id"], "score-0123");
  EXPECT_EQ(answer["data"][0], Json::parse(R"({"index":0,"object":"score","score":1.0})"));
  EXPECT_EQ(answer["data"][1]["score"], 0.0);
  const auto tokens = static_cast<int64_t>(tokenizer_.encode("a", true)->size());
  EXPECT_EQ(answer["usage"]["prompt_tokens"], 3 * tokens);
  EXPECT_EQ(engine_.submitted.size(), 3u) << "the query is embedded once";
}

TEST_F(Scores, TextsComeByManyNames) {
  for (const auto& [first, second] :
       {std::pair("text_1", "text_2"), std::pair("queries", "documents"),
        std::pair("queries", "items"), std::pair("data_1", "data_2")}) {
    const auto found = scores({{first, {"a", "c"}}, {second, {"b", "c"}}});
    ASSERT_EQ(found.size(), 2u) << first << second;
    EXPECT_NEAR(found[0], std::sqrt(0.5), 1e-6);
    EXPECT_EQ(found[1], 1);
  }
  EXPECT_EQ(refusal("/score", {{"text_1", "a"}}), "400 Bad Request body.text_1");
  EXPECT_EQ(refusal("/score", {{"text_1", "a"}, {"documents", "a"}}),
            "400 Bad Request body.text_1");
}

TEST_F(Scores, PairsAreOneToManyOrOneToOne) {
  std::string message;
  EXPECT_EQ(refusal("/score", {{"text_1", {"a", "b"}}, {"text_2", {"a", "b", "c"}}}, &message),
            "400 BadRequestError text_1");
  EXPECT_THAT(message, HasSubstr("1:1, 1:N or N:N"));
  EXPECT_EQ(refusal("/score", {{"text_1", {"a", "b"}}, {"text_2", "a"}}),
            "400 BadRequestError text_1");
  EXPECT_EQ(refusal("/score", {{"text_1", "a"}, {"text_2", Json::array()}}),
            "400 BadRequestError text_2");
  EXPECT_EQ(refusal("/score", {{"text_1", "a"}, {"text_2", 5}}), "400 Bad Request body.text_2");
}

TEST_F(Scores, ACrossEncoderReadsBothTexts) {
  cross_encode();
  const auto pair = tokenizer_.encode_pair("a", "b c", true).value();
  const auto found = scores({{"text_1", "a"}, {"text_2", {"b c", "b"}}});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(engine_.submitted[0].request.prompt, pair.ids);
  EXPECT_EQ(engine_.submitted[0].request.pooling->token_types, pair.type_ids);
  const double logit = static_cast<double>(pair.ids.size()) - 10;
  EXPECT_NEAR(found[0], 1 / (1 + std::exp(-logit)), 1e-6);
  EXPECT_EQ(scores({{"text_1", "a"}, {"text_2", "b c"}, {"use_activation", false}})[0], logit);
}

TEST_F(Scores, LongPairsAreRefused) {
  cross_encode();
  service_.max_model_len = 2;
  std::string message;
  EXPECT_EQ(refusal("/score", {{"text_1", "a b c"}, {"text_2", {"d e f"}}}, &message),
            "400 BadRequestError text_2");
  EXPECT_THAT(message, HasSubstr("maximum context length is 2 tokens"));
  service_.max_model_len = 5;
  EXPECT_EQ(
      scores({{"text_1", "a b c"}, {"text_2", "d e f"}, {"truncate_prompt_tokens", -1}})[0] > 0,
      true);
  EXPECT_EQ(engine_.submitted.back().request.prompt.size(), 5u);
  EXPECT_EQ(engine_.submitted.back().request.pooling->token_types.size(), 5u);
}

TEST_F(Scores, WhatIsNotServedIsRefused) {
  const Json texts = {{"text_1", "a"}, {"text_2", "b"}};
  for (const auto& [name, value] :
       {std::pair("instruction", Json("Find")), std::pair("max_tokens_per_doc", Json(5)),
        std::pair("max_tokens_per_query", Json(5))}) {
    Json body = texts;
    body[name] = value;
    EXPECT_EQ(refusal("/score", body), fmt::format("400 BadRequestError {}", name));
  }
  EXPECT_EQ(refusal("/score", {{"text_1", "a"}, {"text_2", "b"}, {"max_tokens_per_doc", 0}}),
            "accepted");
}

TEST_F(Scores, RanksComeTheBestFirst) {
  const Json body = {{"query", "a"}, {"documents", {"c", {{"text", "a"}}, "b", "c"}}};
  for (const char* path : {"/rerank", "/v1/rerank", "/v2/rerank"}) {
    const auto exchange = post(path, body);
    const Json answer = exchange->json();
    std::vector<int> order;
    for (const Json& each : answer["results"]) order.push_back(each["index"]);
    EXPECT_EQ(order, (std::vector<int>{1, 2, 0, 3})) << path;
    EXPECT_EQ(answer["results"][0],
              Json::parse(R"({"index":1,"document":{"text":"a"},"relevance_score":1.0})"));
    EXPECT_TRUE(exchange->body.starts_with(
        R"({"id":"rerank-0123","model":"tiny","usage":{"prompt_tokens":)"));
  }
}

TEST_F(Scores, OnlyTheBestWhereAsked) {
  const Json body = {{"query", "a"}, {"documents", {"c", "b"}}, {"top_n", 1}};
  EXPECT_EQ(post("/rerank", body)->json()["results"].size(), 1u);
  const Json bare = {{"query", "a"}, {"documents", {"c", "b"}}, {"return_documents", false}};
  EXPECT_FALSE(post("/rerank", bare)->json()["results"][0].contains("document"));
  EXPECT_EQ(post("/rerank", {{"query", "a"}, {"documents", {"c", "b"}}, {"top_n", 9}})
                ->json()["results"]
                .size(),
            2u);
}

TEST_F(Scores, WrongRanks) {
  EXPECT_EQ(refusal("/rerank", {{"query", "a"}}), "400 Bad Request body.documents");
  EXPECT_EQ(refusal("/rerank", {{"query", "a"}, {"documents", {5}}}),
            "400 Bad Request body.documents");
  EXPECT_EQ(refusal("/rerank", {{"query", "a"}, {"documents", {{{"title", "a"}}}}}),
            "400 Bad Request body.documents");
  EXPECT_EQ(refusal("/rerank", {{"query", "a"}, {"documents", Json::array()}}),
            "400 BadRequestError documents");
  EXPECT_EQ(refusal("/rerank", {{"query", "a"}, {"documents", {"a"}}, {"top_n", -1}}),
            "400 BadRequestError top_n");
}

}  // namespace
}  // namespace spyre::serve::openai
