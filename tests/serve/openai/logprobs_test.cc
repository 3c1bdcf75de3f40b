#include "serve/openai/logprobs.h"

#include <gtest/gtest.h>

#include <limits>

#include "serve/openai/api_fixture.h"

namespace spyre::serve::openai {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

class Logprobs : public ::testing::Test {
 protected:
  Json completion(const std::vector<engine::TokenOutput>& tokens, int32_t top,
                  bool as_ids = false) {
    std::vector<ScoredToken> scored;
    for (const engine::TokenOutput& token : tokens) scored.push_back({token.id, &token});
    std::string json;
    JsonWriter writer(json);
    write_completion_logprobs(writer, style(top, as_ids), scored, offset_);
    return Json::parse(json);
  }
  LogprobStyle style(int32_t top, bool as_ids = false) const { return {tokenizer_, top, as_ids}; }
  // The id of a token that is one byte of a character of several.
  int32_t half_character() const {
    const auto ids = tokenizer_.encode("\xF0\x9F\xA6\x84", false).value();
    return ids[0];
  }
  std::string text(int32_t id) const { return tokenizer_.token_text(id).value(); }

  text::Tokenizer tokenizer_ = testing::fixture_tokenizer();
  int64_t offset_ = 0;
};

TEST_F(Logprobs, ColumnsOfACompletion) {
  const Json json =
      completion({{.id = 4, .logprob = -0.5f, .rank = 3, .top = {{1, -0.25f, 1}, {4, -0.5f, 3}}},
                  {.id = 5, .logprob = -0.75f, .rank = 1, .top = {{5, -0.75f, 1}, {6, -1, 2}}}},
                 2);
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_EQ(keys,
            (std::vector<std::string>{"text_offset", "token_logprobs", "tokens", "top_logprobs"}));
  EXPECT_EQ(json["token_logprobs"], Json({-0.5, -0.75}));
  EXPECT_EQ(json["tokens"], Json({text(4), text(5)}));
  EXPECT_EQ(json["top_logprobs"][0], Json({{text(4), -0.5}, {text(1), -0.25}}));
  EXPECT_EQ(json["top_logprobs"][1], Json({{text(5), -0.75}, {text(6), -1.0}}));
  EXPECT_EQ(json["text_offset"], Json({0, count_characters(text(4))}));
  EXPECT_EQ(offset_, count_characters(text(4)) + count_characters(text(5)));
}

TEST_F(Logprobs, TheChosenTokenIsListedEvenAlone) {
  const Json json = completion({{.id = 4, .logprob = -0.5f, .rank = 3, .top = {}}}, 0);
  EXPECT_EQ(json["top_logprobs"][0], Json({{text(4), -0.5}}));
}

TEST_F(Logprobs, OnlyAsManyAsWereAskedFor) {
  const engine::TokenOutput token = testing::scored(9, 5);
  EXPECT_EQ(completion({token}, 2)["top_logprobs"][0].size(), 3u);
  EXPECT_EQ(completion({token}, -1)["top_logprobs"][0].size(), 6u);
}

TEST_F(Logprobs, ImpossibleAndUnknownValuesHaveANumber) {
  const Json json = completion({{.id = 4, .logprob = -kInfinity, .rank = 0, .top = {}},
                                {.id = 5, .logprob = std::nanf(""), .rank = 0, .top = {}}},
                               0);
  EXPECT_EQ(json["token_logprobs"], Json({-9999.0, -9999.0}));
}

TEST_F(Logprobs, TokensCanBeWrittenAsIds) {
  const Json json = completion({testing::scored(9, 1)}, 1, true);
  EXPECT_EQ(json["tokens"], Json({"token_id:9"}));
  EXPECT_EQ(json["top_logprobs"][0], Json({{"token_id:9", -1.125}, {"token_id:1", -0.25}}));
}

TEST_F(Logprobs, ChatHasBytes) {
  const int32_t half = half_character();
  const std::string bytes = text(half);
  std::string json;
  JsonWriter writer(json);
  const std::vector<engine::TokenOutput> tokens = {
      {.id = half, .logprob = -0.5f, .rank = 1, .top = {{half, -0.5f, 1}}}};
  write_chat_logprobs(writer, style(1), tokens);
  const Json content = Json::parse(json)["content"];
  ASSERT_EQ(content.size(), 1u);
  EXPECT_EQ(content[0]["token"], to_utf8(bytes));
  EXPECT_NE(to_utf8(bytes), bytes);
  EXPECT_EQ(content[0]["bytes"][0], static_cast<unsigned char>(bytes[0]));
  EXPECT_EQ(content[0]["top_logprobs"][0]["bytes"], content[0]["bytes"]);
  EXPECT_FALSE(content[0]["top_logprobs"][0].contains("top_logprobs"));
}

TEST_F(Logprobs, TokensThatLookAlikeKeepTheLikelierOne) {
  std::vector<int32_t> halves;  // single bytes that are no character
  for (int32_t id = 0; id < tokenizer_.vocab_size() && halves.size() < 2; ++id) {
    if (to_utf8(text(id)) == "\xEF\xBF\xBD") halves.push_back(id);
  }
  ASSERT_EQ(halves.size(), 2u);
  const Json json = completion({{.id = halves[0],
                                 .logprob = -0.5f,
                                 .rank = 1,
                                 .top = {{halves[0], -0.5f, 1}, {halves[1], -2, 2}}}},
                               2);
  EXPECT_EQ(json["top_logprobs"][0], Json({{"\xEF\xBF\xBD", -0.5}}));
}

TEST_F(Logprobs, PromptsBeginWithNull) {
  std::string json;
  JsonWriter writer(json);
  const std::vector<engine::TokenOutput> tokens = {testing::scored(9, 1)};
  write_prompt_logprobs(writer, style(-1), tokens);
  EXPECT_EQ(Json::parse(json),
            Json({nullptr,
                  {{"9", {{"logprob", -1.125}, {"rank", 2}, {"decoded_token", text(9)}}},
                   {"1", {{"logprob", -0.25}, {"rank", 1}, {"decoded_token", text(1)}}}}}));
}

}  // namespace
}  // namespace spyre::serve::openai
