// The document against the handlers: what it names exists, what is answered it describes.
#include <set>

#include "serve/openai/api_fixture.h"
#include "serve/openai/documents.h"

namespace spyre::serve::openai {
namespace {

void collect_refs(const Json& json, std::set<std::string>& refs) {
  if (json.is_object() && json.contains("$ref")) refs.insert(json["$ref"]);
  if (!json.is_structured()) return;
  for (const Json& each : json) collect_refs(each, refs);
}

class OpenApi : public testing::Api {
 protected:
  const Json document_ = Json::parse(openapi_document("1.2.3", true));
  const Json& schema(const std::string& name) const {
    return document_.at("components").at("schemas").at(name);
  }
  // An answer has exactly the fields of its schema, in order.
  void expect_fields(const Json& answer, const Json& schema) {
    std::vector<std::string> found;
    std::vector<std::string> wanted;
    for (const auto& [key, value] : answer.items()) found.push_back(key);
    for (const auto& [key, value] : schema.at("properties").items()) wanted.push_back(key);
    EXPECT_EQ(found, wanted);
  }
};

TEST_F(OpenApi, EveryReferenceLeadsSomewhere) {
  std::set<std::string> refs;
  collect_refs(document_, refs);
  EXPECT_GT(refs.size(), 10u);
  for (const std::string& ref : refs) {
    ASSERT_TRUE(ref.starts_with("#/components/schemas/")) << ref;
    EXPECT_TRUE(document_["components"]["schemas"].contains(ref.substr(21))) << ref;
  }
}

TEST_F(OpenApi, EveryRouteIsNamed) {
  for (const http::Route& route : routes_) {
    if (route.path.ends_with("*")) continue;  // another spelling of the route before it
    std::string method = route.method;
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    EXPECT_TRUE(document_["paths"].contains(route.path)) << route.path;
    EXPECT_TRUE(document_["paths"][route.path].contains(method)) << route.path;
  }
  for (const char* path : {"/health", "/ready", "/ping", "/load", "/version", "/metrics"}) {
    EXPECT_TRUE(document_["paths"].contains(path)) << path;
  }
}

TEST_F(OpenApi, TheTokenizersConfigurationIsNamedOnlyWhereItIs) {
  EXPECT_FALSE(Json::parse(openapi_document("1.2.3"))["paths"].contains("/tokenizer_info"));
}

TEST_F(OpenApi, EveryFieldIsInItsSchema) {
  const std::pair<Taker, const char*> kSchemas[] = {{kCompletion, "CompletionRequest"},
                                                    {kChat, "ChatCompletionRequest"},
                                                    {kTokenizeText, "TokenizeTextRequest"},
                                                    {kTokenizeChat, "TokenizeChatRequest"},
                                                    {kDetokenize, "DetokenizeRequest"},
                                                    {kEmbed, "EmbeddingRequest"},
                                                    {kPool, "PoolingRequest"},
                                                    {kClassify, "ClassificationRequest"},
                                                    {kPoolChat, "PoolingChatRequest"},
                                                    {kScore, "ScoreRequest"},
                                                    {kRerank, "RerankRequest"}};
  for (const auto& [taker, name] : kSchemas) {
    for (const Field& field : request_field_table()) {
      if ((field.takers & taker) == 0) continue;
      EXPECT_TRUE(schema(name).at("properties").contains(std::string(field.name))) << field.name;
    }
  }
  const Json& top_p = schema("CompletionRequest").at("properties").at("top_p");
  EXPECT_EQ(top_p["anyOf"][0],
            Json::parse(R"({"type":"number","exclusiveMinimum":0.0,"maximum":1.0})"));
  EXPECT_EQ(top_p["default"], 1.0);
  EXPECT_EQ(schema("CompletionRequest").at("required"), Json::array({"prompt"}));
}

TEST_F(OpenApi, AnswersHaveTheFieldsOfTheirSchemas) {
  answer_with({testing::two_tokens()});
  const Json completion = complete({{"prompt", {1}}, {"logprobs", 1}})->json();
  expect_fields(completion, schema("Completion"));
  expect_fields(completion["choices"][0], schema("Completion")["properties"]["choices"]["items"]);
  expect_fields(completion["choices"][0]["logprobs"], schema("CompletionLogprobs"));
  expect_fields(completion["usage"], schema("Usage"));
  service_.options.tool_format = find_tool_format("hermes");
  service_.max_model_len = 1000;
  answer_with({{.pieces = {{4, "<tool_call>{\"name\": \"f\"}</tool_call>"}}}});
  const Json tool = {{"type", "function"}, {"function", {{"name", "f"}}}};
  const Json chatted = chat({{"messages", {{{"role", "user"}, {"content", "a"}}}},
                             {"logprobs", true},
                             {"tools", Json::array({tool})}})
                           ->json();
  expect_fields(chatted, schema("ChatCompletion"));
  const Json& choice = schema("ChatCompletion")["properties"]["choices"]["items"];
  expect_fields(chatted["choices"][0], choice);
  expect_fields(chatted["choices"][0]["message"], choice["properties"]["message"]);
  expect_fields(chatted["choices"][0]["message"]["tool_calls"][0], schema("ToolCall"));
  expect_fields(chatted["choices"][0]["logprobs"], schema("ChatLogprobs"));
  expect_fields(ask("GET", "/v1/models")->json(), schema("ModelList"));
  expect_fields(ask("GET", "/v1/models/tiny")->json(), schema("Model"));
  expect_fields(post("/tokenize", {{"prompt", "a"}})->json(), schema("TokenizeAnswer"));
  expect_fields(post("/detokenize", {{"tokens", {1}}})->json(), schema("DetokenizeAnswer"));
  expect_fields(post("/tokenize", Json::object())->json(), schema("Error"));
}

TEST_F(OpenApi, AnswersOfPoolingModelsHaveTheFieldsOfTheirSchemas) {
  const auto one = [](const engine::Request&) { return std::vector<float>{1}; };
  const auto expect_list = [&](const Json& answer, const std::string& name) {
    expect_fields(answer, schema(name));
    expect_fields(answer["data"][0], schema(name)["properties"]["data"]["items"]);
    expect_fields(answer["usage"], schema("Usage"));
  };
  pool_with({.columns = 1}, one);
  expect_list(post("/v1/embeddings", {{"input", "a"}})->json(), "Embeddings");
  expect_list(post("/pooling", {{"input", "a"}})->json(), "Poolings");
  expect_list(post("/score", {{"text_1", "a"}, {"text_2", "b"}})->json(), "Scores");
  const Json ranks = post("/rerank", {{"query", "a"}, {"documents", {"b"}}})->json();
  expect_fields(ranks, schema("Ranks"));
  expect_fields(ranks["results"][0], schema("Ranks")["properties"]["results"]["items"]);
  pool_with({.task = PoolingTask::kClassify, .columns = 1}, one);
  expect_list(post("/classify", {{"input", "a"}})->json(), "Classifications");
}

TEST_F(OpenApi, ExamplesAreAnswered) {
  const std::set<std::string> generating = {"/v1/completions", "/v1/chat/completions", "/tokenize",
                                            "/detokenize"};
  const auto one = [](const engine::Request&) { return std::vector<float>{1}; };
  for (const auto& [path, item] : document_["paths"].items()) {
    if (!item.contains("post") || !item["post"].contains("requestBody")) continue;
    const Json& content = item["post"]["requestBody"]["content"]["application/json"];
    // A model of the kind that the path is for.
    const std::string example_path = path;
    if (example_path == "/classify") {
      pool_with({.task = PoolingTask::kClassify, .columns = 1}, one);
    } else if (generating.contains(example_path)) {
      service_.pooling.reset();
      answer_with({testing::two_tokens()});
    } else {
      pool_with({.columns = 1}, one);
    }
    EXPECT_EQ(post(path, content["example"])->status, 200) << path;
  }
}

TEST_F(OpenApi, IsServedBesideAPage) {
  const auto document = ask("GET", "/openapi.json");
  EXPECT_EQ(document->content_type, "application/json");
  EXPECT_EQ(document->json()["info"]["version"], "1.2.3");
  const auto page = ask("GET", "/docs");
  EXPECT_EQ(page->content_type, "text/html; charset=utf-8");
  EXPECT_EQ(page->body, docs_html());
  EXPECT_EQ(page->body.find("http://"), std::string::npos) << "the page works offline";
  EXPECT_EQ(page->body.find("https://"), std::string::npos) << "the page works offline";
}

TEST_F(OpenApi, CanBeSwitchedOff) {
  const auto routes = make_routes({.lifecycle = lifecycle_,
                                   .service = [] { return nullptr; },
                                   .executor = {},
                                   .in_flight = in_flight_,
                                   .version = "",
                                   .documents = false});
  for (const http::Route& route : routes) EXPECT_NE(route.path, "/openapi.json");
}

}  // namespace
}  // namespace spyre::serve::openai
