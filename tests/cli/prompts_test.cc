#include "cli/prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/fixture_tokenizer.h"

namespace spyre::cli {
namespace {

using ::testing::HasSubstr;

class Prompts : public ::testing::Test {
 protected:
  std::string refusal(const char* request) const {
    const auto prompt = request_prompt(tokenizer_, std::nullopt, Json::parse(request));
    return prompt ? "accepted" : prompt.error().message;
  }
  text::Tokenizer tokenizer_ = testing::fixture_tokenizer();
};

TEST_F(Prompts, TextAndIdsAreBothPrompts) {
  const auto text = request_prompt(tokenizer_, std::nullopt, Json{{"prompt", "Hello there"}});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, *text_prompt(tokenizer_, "Hello there"));
  const auto ids = request_prompt(tokenizer_, std::nullopt, Json{{"prompt", {1, 2, 3}}});
  ASSERT_TRUE(ids);
  EXPECT_EQ(*ids, (std::vector<int32_t>{1, 2, 3}));
}

TEST_F(Prompts, ExactlyOneSource) {
  EXPECT_THAT(refusal("{}"), HasSubstr("exactly one of prompt"));
  EXPECT_THAT(refusal(R"({"prompt": "a", "prompt_token_ids": [1]})"), HasSubstr("found 2"));
}

TEST_F(Prompts, IdsAreCheckedOneByOne) {
  EXPECT_THAT(refusal(R"({"prompt_token_ids": [1, -2]})"), HasSubstr("-2"));
  EXPECT_THAT(refusal(R"({"prompt_token_ids": [1, "2"]})"), HasSubstr("\"2\""));
  EXPECT_THAT(refusal(R"({"prompt_token_ids": [99999999999]})"), HasSubstr("99999999999"));
  EXPECT_THAT(refusal(R"({"prompt_token_ids": "1"})"), HasSubstr("list of token ids"));
  EXPECT_THAT(refusal(R"({"prompt": 5})"), HasSubstr("prompt"));
}

TEST_F(Prompts, MessagesNeedATemplate) {
  EXPECT_THAT(refusal(R"({"messages": []})"), HasSubstr("no chat template"));
}

}  // namespace
}  // namespace spyre::cli
