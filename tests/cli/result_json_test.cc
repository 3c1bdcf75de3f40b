#include "cli/result_json.h"

#include <gtest/gtest.h>

namespace spyre::cli {
namespace {

engine::RequestOutput two_tokens() {
  engine::Completion completion{.token_ids = {7, 8}, .text = "ab"};
  completion.finish_reason = sample::FinishReason::kStop;
  completion.stop_reason = std::string("b");
  completion.logprobs = {{.id = 7, .logprob = -0.5f, .rank = 1, .top = {{7, -0.5f, 1}}},
                         {.id = 8, .logprob = -1.0f, .rank = 2, .top = {{9, -0.2f, 1}}}};
  engine::RequestOutput output;
  output.prompt_logprobs = {{.id = 2, .logprob = -3.0f, .rank = 4, .top = {}}};
  output.completions = {completion};
  output.timings = {.prefill_seconds = 0.5, .decode_seconds = 0.25};
  return output;
}

TEST(ResultJson, HasEveryField) {
  const std::vector<int32_t> prompt = {1, 2};
  const Json json = result_json("x", prompt, two_tokens(), 0.125);
  EXPECT_EQ(json["id"], "x");
  EXPECT_EQ(json["prompt_token_ids"], Json({1, 2}));
  EXPECT_EQ(json["token_ids"], Json({7, 8}));
  EXPECT_EQ(json["text"], "ab");
  EXPECT_EQ(json["finish_reason"], "stop");
  EXPECT_EQ(json["stop_reason"], "b");
  EXPECT_EQ(json["logprobs"][1]["rank"], 2);
  EXPECT_EQ(json["logprobs"][1]["top"][0]["id"], 9);
  EXPECT_TRUE(json["prompt_logprobs"][0].is_null());
  EXPECT_EQ(json["prompt_logprobs"][1]["id"], 2);
  EXPECT_EQ(json["usage"]["total_tokens"], 4);
  EXPECT_EQ(json["timings"]["prefill_tokens_per_second"], 4.0);
  EXPECT_EQ(json["timings"]["decode_tokens_per_second"], 4.0);
  EXPECT_EQ(json["timings"]["load_seconds"], 0.125);
  EXPECT_FALSE(json.contains("choices"));
}

TEST(ResultJson, SeveralChoicesAreListed) {
  engine::RequestOutput output = two_tokens();
  output.completions.push_back(output.completions[0]);
  output.completions[1].index = 1;
  const std::vector<int32_t> prompt = {1};
  const Json json = result_json(nullptr, prompt, output, 0);
  EXPECT_FALSE(json.contains("id"));
  ASSERT_EQ(json["choices"].size(), 2u);
  EXPECT_EQ(json["choices"][1]["index"], 1);
  EXPECT_EQ(json["usage"]["completion_tokens"], 4);
}

TEST(ResultJson, AFailureIsAnErrorAlone) {
  engine::RequestOutput output = two_tokens();
  output.error = Error{Code::kInvalidArgument, "top_p: wanted more"};
  const std::vector<int32_t> prompt = {1};
  const Json json = result_json(3, prompt, output, 0);
  EXPECT_EQ(json["id"], 3);
  EXPECT_EQ(json["error"]["code"], "invalid_argument");
  EXPECT_EQ(json["error"]["message"], "top_p: wanted more");
  EXPECT_FALSE(json.contains("text"));
}

}  // namespace
}  // namespace spyre::cli
