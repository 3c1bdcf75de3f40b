// The model cards.
#include "serve/openai/api_fixture.h"

namespace spyre::serve::openai {
namespace {

class Models : public testing::Api {};

TEST_F(Models, ThereIsACardForEachName) {
  const auto exchange = ask("GET", "/v1/models");
  const Json list = exchange->json();
  EXPECT_EQ(list["object"], "list");
  ASSERT_EQ(list["data"].size(), 2u);
  EXPECT_EQ(list["data"][1]["id"], "alias");
  EXPECT_TRUE(exchange->body.starts_with(
      R"({"object":"list","data":[{"id":"tiny","object":"model","created":1000,)"
      R"("owned_by":"vllm","root":"org/tiny","parent":null,"max_model_len":100,"permission":[{)"))
      << exchange->body;
}

TEST_F(Models, OneIsFoundByItsName) {
  EXPECT_EQ(ask("GET", "/v1/models/alias")->json()["id"], "alias");
  service_.model_names.push_back("org/name");
  EXPECT_EQ(ask("GET", "/v1/models/org/name")->json()["id"], "org/name");
}

TEST_F(Models, OthersAreNotFound) {
  for (const char* name : {"other", "", "tin", "\xFF"}) {
    const auto exchange = ask("GET", fmt::format("/v1/models/{}", name));
    EXPECT_EQ(exchange->status, 404);
    EXPECT_EQ(exchange->json()["error"]["type"], "NotFoundError");
  }
}

}  // namespace
}  // namespace spyre::serve::openai
