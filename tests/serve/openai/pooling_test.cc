// /v1/embeddings, /pooling and /classify over an engine that pools what it is told to.
#include "serve/openai/api_fixture.h"

namespace spyre::serve::openai {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Each vector tells of its input: its number of tokens, its first id, a constant.
std::vector<float> tell(const engine::Request& request) {
  return {static_cast<float>(request.prompt.size()), static_cast<float>(request.prompt[0]), 2};
}

class Pooling : public testing::Api {
 protected:
  Pooling() { embed({.columns = 3, .activate = false}); }
  void embed(PoolingModel model) { pool_with(std::move(model), tell); }
  void classify(std::vector<float> logits, PoolingModel model = {}) {
    model.task = PoolingTask::kClassify;
    model.columns = static_cast<int64_t>(logits.size());
    pool_with(std::move(model), [logits](const engine::Request&) { return logits; });
  }
  Json vectors(const Json& body, const char* path = "/v1/embeddings",
               const char* key = "embedding") {
    const Json answer = post(path, body)->json();
    Json all = Json::array();
    for (const Json& each : answer["data"]) all.push_back(each[key]);
    return all;
  }
  std::vector<int32_t> ids(const std::string& text, bool special = true) const {
    return tokenizer_.encode(text, special).value();
  }
};

TEST_F(Pooling, AnEmbeddingLooksAsClientsKnowIt) {
  const auto exchange = post("/v1/embeddings", {{"input", {5, 6}}, {"model", "alias"}});
  EXPECT_EQ(exchange->body,
            R"({"id":"embd-0123","object":"list","created":2000,"model":"alias","data":)"
            R"([{"index":0,"object":"embedding","embedding":[2.0,5.0,2.0]}],"usage":)"
            R"({"prompt_tokens":2,"total_tokens":2,"completion_tokens":0,)"
            R"("prompt_tokens_details":null,"completion_tokens_details":null}})");
  EXPECT_EQ(in_flight_, 0);
}

TEST_F(Pooling, InputsAreTextsOrTokenIdsOrListsOfEither) {
  EXPECT_EQ(vectors({{"input", "Hello"}})[0][0], ids("Hello").size());
  EXPECT_EQ(engine_.submitted[0].request.prompt, ids("Hello"));
  EXPECT_TRUE(engine_.submitted[0].request.pooling);
  EXPECT_EQ(vectors({{"input", {"Hello", "a b c"}}}).size(), 2u);
  EXPECT_EQ(vectors({{"input", Json::parse("[[7],[8,9]]")}}),
            Json::parse("[[1.0,7.0,2.0],[2.0,8.0,2.0]]"));
  EXPECT_EQ(vectors({{"input", "Hello"}, {"add_special_tokens", false}})[0][0],
            ids("Hello", false).size());
  EXPECT_EQ(vectors({{"input", ""}}).size(), 1u);
}

TEST_F(Pooling, UsageCountsTheTokensOfAllInputs) {
  const Json usage =
      post("/v1/embeddings", {{"input", Json::parse("[[7],[8,9]]")}})->json()["usage"];
  EXPECT_EQ(usage["prompt_tokens"], 3);
  EXPECT_EQ(usage["total_tokens"], 3);
}

TEST_F(Pooling, ConversationsAreOneInput) {
  const Json messages = Json::parse(R"([{"role": "user", "content": "Hello"}])");
  const auto text =
      template_->render({.messages = messages, .add_generation_prompt = false}).value();
  EXPECT_EQ(vectors({{"messages", messages}}).size(), 1u);
  EXPECT_EQ(engine_.submitted[0].request.prompt, ids(text, false));
}

TEST_F(Pooling, VectorsAreScaledWhereTheModelOrTheRequestSaysSo) {
  const Json body = {{"input", {4}}};  // 1, 4, 2
  const float length = std::sqrt(21.0f);
  const auto scaled = [&](const Json& vector) {
    return std::abs(vector[0].get<float>() - 1 / length) < 1e-6f;
  };
  EXPECT_EQ(vectors(body)[0], Json::parse("[1.0,4.0,2.0]"));
  EXPECT_TRUE(scaled(vectors({{"input", {4}}, {"normalize", true}})[0]));
  EXPECT_TRUE(scaled(vectors({{"input", {4}}, {"use_activation", true}})[0]));
  embed({.columns = 3});
  EXPECT_TRUE(scaled(vectors(body)[0]));
  EXPECT_FALSE(scaled(vectors({{"input", {4}}, {"normalize", false}})[0]));
}

TEST_F(Pooling, FewerDimensionsOnlyOfModelsThatHaveThem) {
  std::string message;
  const Json two = {{"input", {4}}, {"dimensions", 2}};
  EXPECT_EQ(refusal("/v1/embeddings", two, &message), "400 BadRequestError dimensions");
  EXPECT_THAT(message, HasSubstr("Matryoshka"));
  EXPECT_EQ(refusal("/v1/embeddings", {{"input", {4}}, {"dimensions", 3}}), "accepted");
  embed({.columns = 3, .activate = false, .matryoshka = true});
  EXPECT_EQ(vectors(two)[0], Json::parse("[1.0,4.0]"));
  EXPECT_EQ(refusal("/v1/embeddings", {{"input", {4}}, {"dimensions", 4}}),
            "400 BadRequestError dimensions");
  embed({.columns = 3, .matryoshka = true, .matryoshka_dimensions = {1}});
  EXPECT_EQ(refusal("/v1/embeddings", two), "400 BadRequestError dimensions");
  EXPECT_EQ(vectors({{"input", {4}}, {"dimensions", 1}})[0], Json::parse("[1.0]"));
  embed({.columns = 3, .matryoshka = true, .dimensions = 1});
  EXPECT_EQ(vectors({{"input", {4}}})[0].size(), 1u);
}

TEST_F(Pooling, LongInputsAreRefusedWithBothCounts) {
  service_.max_model_len = 4;
  std::string message;
  EXPECT_EQ(refusal("/v1/embeddings", {{"input", Json::parse("[[1],[1,2,3,4,5]]")}}, &message),
            "400 BadRequestError input");
  EXPECT_THAT(message, HasSubstr("maximum context length is 4 tokens"));
  EXPECT_THAT(message, HasSubstr("input 1 has 5 tokens"));
  EXPECT_EQ(refusal("/v1/embeddings", {{"input", {1, 2, 3, 4}}}), "accepted");
  service_.max_model_len = 100;
  embed({.columns = 3, .max_tokens = 3});
  EXPECT_EQ(refusal("/v1/embeddings", {{"input", {1, 2, 3, 4}}}), "400 BadRequestError input");
}

TEST_F(Pooling, OrCutWhereTheRequestSaysSo) {
  service_.max_model_len = 4;
  const auto prompt = [&](const Json& more) {
    Json body = {{"input", {1, 2, 3, 4, 5}}};
    body.update(more);
    engine_.submitted.clear();
    EXPECT_EQ(post("/v1/embeddings", body)->status, 200) << body;
    return engine_.submitted.at(0).request.prompt;
  };
  EXPECT_THAT(prompt({{"truncate_prompt_tokens", 2}}), ElementsAre(1, 2));
  EXPECT_THAT(prompt({{"truncate_prompt_tokens", -1}}), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(prompt({{"truncate_prompt_tokens", 2}, {"truncation_side", "left"}}),
              ElementsAre(4, 5));
  for (const int wrong : {0, 5}) {
    EXPECT_EQ(refusal("/v1/embeddings", {{"input", {1}}, {"truncate_prompt_tokens", wrong}}),
              "400 BadRequestError truncate_prompt_tokens");
  }
}

TEST_F(Pooling, ATextIsCutInsideItsSpecialTokens) {
  const auto whole = ids("Hello there, you");
  ASSERT_GT(whole.size(), 3u);
  EXPECT_EQ(vectors({{"input", "Hello there, you"}, {"truncate_prompt_tokens", 3}})[0][0], 3.0);
  EXPECT_THAT(engine_.submitted[0].request.prompt, ElementsAre(whole[0], whole[1], whole[2]));
  EXPECT_EQ(refusal("/v1/embeddings", {{"input", "a"}, {"truncate_prompt_tokens", 3}}), "accepted");
}

TEST_F(Pooling, ANamedPromptStandsBeforeEachText) {
  embed({.columns = 3, .prompts = {{"query", "query: "}}});
  EXPECT_EQ(refusal("/v1/embeddings", {{"input", "Hello"}, {"prompt_name", "query"}}), "accepted");
  EXPECT_EQ(engine_.submitted[0].request.prompt, ids("query: Hello"));
  std::string message;
  EXPECT_EQ(refusal("/v1/embeddings", {{"input", "a"}, {"prompt_name", "x"}}, &message),
            "400 BadRequestError prompt_name");
  EXPECT_THAT(message, HasSubstr("query"));
}

TEST_F(Pooling, WrongBodies) {
  EXPECT_EQ(refusal("/v1/embeddings", Json::object()), "400 Bad Request body.input");
  EXPECT_EQ(refusal("/v1/embeddings", {{"input", 5}}), "400 Bad Request body.input");
  EXPECT_EQ(refusal("/v1/embeddings", {{"input", Json::array()}}), "400 BadRequestError input");
  EXPECT_EQ(refusal("/v1/embeddings", {{"input", Json::parse("[[]]")}}),
            "400 BadRequestError input");
  EXPECT_EQ(refusal("/v1/embeddings", {{"input", std::vector<std::string>(20000, "")}}),
            "400 BadRequestError input");
  EXPECT_EQ(refusal("/v1/embeddings", {{"input", "a"}, {"encoding_format", "hex"}}),
            "400 Bad Request body.encoding_format");
  EXPECT_EQ(refusal("/v1/embeddings", {{"input", "a"}, {"priority", 1}}),
            "400 BadRequestError priority");
  EXPECT_EQ(refusal("/v1/embeddings", {{"input", "a"}, {"model", "other"}}),
            "404 NotFoundError model");
}

TEST_F(Pooling, Base64IsTheBytesOfTheNumbers) {
  // 1.0f is 00 00 80 3f, 0.0f four zeros, 2.0f 00 00 00 40, in little-endian order.
  EXPECT_EQ(vectors({{"input", {0}}, {"encoding_format", "base64"}})[0], "AACAPwAAAAAAAABA");
}

TEST_F(Pooling, BytesCarryTheRestInAHeader) {
  const Json body = {{"input", Json::parse("[[0],[0]]")}, {"encoding_format", "bytes"}};
  const auto exchange = post("/v1/embeddings", body);
  EXPECT_EQ(exchange->content_type, "application/octet-stream");
  EXPECT_EQ(exchange->body.size(), 24u);
  const Json metadata = Json::parse(exchange->header("metadata"));
  EXPECT_EQ(metadata["id"], "embd-0123");
  EXPECT_EQ(metadata["usage"]["prompt_tokens"], 2);
  EXPECT_EQ(metadata["data"][1], Json::parse(R"({"index":1,"embed_dtype":"float32",
      "endianness":"little","start":12,"end":24,"shape":[3]})"));
  const auto bare = post("/v1/embeddings", {{"input", {0}}, {"encoding_format", "bytes_only"}});
  EXPECT_EQ(bare->header("metadata"), "");
  EXPECT_EQ(bare->body.size(), 12u);
}

TEST_F(Pooling, PoolingIsWhatTheModelDoes) {
  const auto exchange = post("/pooling", {{"input", {4}}});
  EXPECT_EQ(exchange->json()["id"], "pool-0123");
  EXPECT_EQ(exchange->json()["data"][0],
            Json::parse(R"({"index":0,"object":"pooling","data":[1.0,4.0,2.0]})"));
  EXPECT_EQ(refusal("/pooling", {{"input", {4}}, {"task", "embed"}}), "accepted");
  EXPECT_EQ(refusal("/pooling", {{"input", {4}}, {"task", "classify"}}),
            "400 BadRequestError task");
  EXPECT_EQ(refusal("/pooling", {{"input", {4}}, {"task", "token_embed"}}),
            "400 BadRequestError task");
  classify({0, std::log(3.0f)});
  EXPECT_EQ(vectors({{"input", {4}}}, "/pooling", "data")[0], Json::parse("[0.25,0.75]"));
  EXPECT_EQ(refusal("/pooling", {{"input", {4}}, {"task", "score"}}), "400 BadRequestError task");
  EXPECT_EQ(refusal("/pooling", {{"input", {4}}, {"dimensions", 1}}),
            "400 BadRequestError dimensions");
  classify({0});
  EXPECT_EQ(vectors({{"input", {4}}, {"task", "score"}}, "/pooling", "data")[0], Json({0.5}));
}

TEST_F(Pooling, ClassesHaveLabelsAndProbabilities) {
  classify({0, std::log(3.0f)}, {.labels = {"no", "yes"}});
  const Json answer = post("/classify", {{"input", {4}}})->json();
  EXPECT_EQ(answer["id"], "classify-0123");
  EXPECT_EQ(answer["data"][0],
            Json::parse(R"({"index":0,"label":"yes","probs":[0.25,0.75],"num_classes":2})"));
  EXPECT_EQ(answer["usage"]["prompt_tokens"], 1);
  const Json raw = post("/classify", {{"input", {4}}, {"use_activation", false}})->json();
  EXPECT_EQ(raw["data"][0]["probs"][0], 0.0);
  classify({0, 0}, {.exclusive_labels = false});
  const Json apart = post("/classify", {{"input", {4}}})->json()["data"][0];
  EXPECT_EQ(apart["probs"], Json({0.5, 0.5}));
  EXPECT_TRUE(apart["label"].is_null());
}

}  // namespace
}  // namespace spyre::serve::openai
