// /tokenize and /detokenize.
#include "serve/openai/api_fixture.h"

namespace spyre::serve::openai {
namespace {

class Tokenize : public testing::Api {};

TEST_F(Tokenize, TextBecomesIds) {
  const auto ids = tokenizer_.encode("Hello", true).value();
  const Json answer = post("/tokenize", {{"prompt", "Hello"}})->json();
  EXPECT_EQ(answer, Json({{"count", ids.size()},
                          {"max_model_len", 100},
                          {"tokens", ids},
                          {"token_strs", nullptr}}));
  EXPECT_EQ(
      post("/tokenize", {{"prompt", "Hello"}, {"add_special_tokens", false}})->json()["tokens"],
      Json(tokenizer_.encode("Hello", false).value()));
  EXPECT_EQ(post("/tokenize", {{"prompt", ""}})->status, 200);
}

TEST_F(Tokenize, TextsOfTokensAreAddedWhenAsked) {
  const Json answer = post("/tokenize", {{"prompt", "a \xF0\x9F\xA6\x84"},
                                         {"return_token_strs", true},
                                         {"add_special_tokens", false}})
                          ->json();
  EXPECT_EQ(answer["token_strs"].size(), answer["count"]);
  EXPECT_EQ(answer["token_strs"][0], "a");
}

TEST_F(Tokenize, ConversationsGoThroughTheTemplate) {
  const Json messages = Json::parse(R"([{"role": "user", "content": "Hello"}])");
  const auto text = template_->render({.messages = messages}).value();
  EXPECT_EQ(post("/tokenize", {{"messages", messages}})->json()["tokens"],
            Json(tokenizer_.encode(text, false).value()));
  EXPECT_EQ(refusal("/tokenize", {{"messages", messages},
                                  {"continue_final_message", true},
                                  {"add_generation_prompt", true}}),
            "400 BadRequestError continue_final_message");
}

TEST_F(Tokenize, WrongBodies) {
  EXPECT_EQ(refusal("/tokenize", Json::object()), "400 Bad Request body.prompt");
  EXPECT_EQ(refusal("/tokenize", {{"prompt", 5}}), "400 Bad Request body.prompt");
  EXPECT_EQ(refusal("/tokenize", {{"messages", 5}}), "400 Bad Request body.messages");
  EXPECT_EQ(refusal("/detokenize", Json::object()), "400 Bad Request body.tokens");
  EXPECT_EQ(refusal("/detokenize", {{"tokens", {-1}}}), "400 Bad Request body.tokens");
  EXPECT_EQ(refusal("/detokenize", {{"tokens", {int64_t{1} << 40}}}),
            "400 Bad Request body.tokens");
}

TEST_F(Tokenize, TheConfigurationIsAsItWasGiven) {
  service_.tokenizer_info = {{"tokenizer_class", "A"}, {"bos_token", "\xFF"}};
  const auto exchange = ask("GET", "/tokenizer_info");
  EXPECT_EQ(exchange->status, 200);
  EXPECT_EQ(exchange->json(), Json({{"tokenizer_class", "A"}, {"bos_token", "\uFFFD"}}));
}

TEST_F(Tokenize, IdsBecomeText) {
  const auto ids = tokenizer_.encode("Hello there", true).value();
  EXPECT_EQ(post("/detokenize", {{"tokens", ids}})->json(),
            Json({{"prompt", tokenizer_.decode(ids, false).value()}}));
  EXPECT_EQ(post("/detokenize", {{"tokens", Json::array()}})->json()["prompt"], "");
  EXPECT_EQ(post("/detokenize", {{"tokens", {INT32_MAX}}})->status, 200);
}

}  // namespace
}  // namespace spyre::serve::openai
