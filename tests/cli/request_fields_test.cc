#include "cli/request_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/fixture_tokenizer.h"

namespace spyre::cli {
namespace {

using ::testing::HasSubstr;

class RequestFields : public ::testing::Test {
 protected:
  Status set(std::string_view name, const Json& value) {
    return set_field(name, value, tokenizer_, request_);
  }
  std::string refusal(std::string_view name, const Json& value) {
    const Status status = set(name, value);
    return status ? "accepted" : status.error().message;
  }
  text::Tokenizer tokenizer_ = testing::fixture_tokenizer();
  SamplingRequest request_;
};

TEST_F(RequestFields, NumbersFlagsAndLists) {
  ASSERT_TRUE(set("temperature", 0.5));
  ASSERT_TRUE(set("top_k", 7));
  ASSERT_TRUE(set("ignore_eos", true));
  ASSERT_TRUE(set("stop", "end"));
  ASSERT_TRUE(set("stop_token_ids", {3, 4}));
  ASSERT_TRUE(set("seed", 11));
  ASSERT_TRUE(set("logit_bias", Json::parse(R"({"5": -1.5})")));
  const sample::SamplingParams& params = request_.params;
  EXPECT_EQ(params.temperature, 0.5f);
  EXPECT_EQ(params.top_k, 7);
  EXPECT_TRUE(params.ignore_eos);
  EXPECT_EQ(params.stop, std::vector<std::string>{"end"});
  EXPECT_EQ(params.stop_token_ids, (std::vector<int32_t>{3, 4}));
  EXPECT_EQ(params.seed, 11);
  ASSERT_EQ(params.logit_bias.size(), 1u);
  EXPECT_EQ(params.logit_bias[0].first, 5);
  EXPECT_EQ(params.logit_bias[0].second, -1.5f);
}

TEST_F(RequestFields, NullLeavesTheDefault) {
  request_.params.top_p = 0.25f;
  ASSERT_TRUE(set("top_p", nullptr));
  EXPECT_EQ(request_.params.top_p, 0.25f);
}

TEST_F(RequestFields, WrongTypesNameTheField) {
  EXPECT_THAT(refusal("temperature", "warm"), HasSubstr("temperature: wanted a number"));
  EXPECT_THAT(refusal("top_k", 1.5), HasSubstr("top_k: wanted an integer"));
  EXPECT_THAT(refusal("top_k", int64_t{1} << 40), HasSubstr("top_k"));
  EXPECT_THAT(refusal("ignore_eos", 1), HasSubstr("ignore_eos: wanted true or false"));
  EXPECT_THAT(refusal("stop", {1}), HasSubstr("stop: wanted a string"));
  EXPECT_THAT(refusal("logit_bias", Json::parse(R"({"x": 1})")), HasSubstr("logit_bias"));
  EXPECT_THAT(refusal("bad_words", {""}), HasSubstr("bad_words"));
}

TEST_F(RequestFields, AnUnknownFieldIsSaid) {
  const Status status = set("tempratur", 1);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kNotFound);
  EXPECT_THAT(status.error().message, HasSubstr("tempratur"));
}

TEST_F(RequestFields, BadWordsComeWithAndWithoutASpace) {
  ASSERT_TRUE(set("bad_words", {"the"}));
  const auto& words = request_.params.bad_words_token_ids;
  ASSERT_FALSE(words.empty());
  EXPECT_EQ(words[0], tokenizer_.encode("the", false).value());
}

TEST_F(RequestFields, WithoutMaxTokensTheRoomIsUsed) {
  const engine::Request request = cli::to_engine_request({1, 2, 3}, request_, 100);
  EXPECT_EQ(request.params.max_tokens, 97);
  EXPECT_FALSE(request.beam);
}

TEST_F(RequestFields, ABeamWidthAsksForBeamSearch) {
  ASSERT_TRUE(set("beam_width", 4));
  ASSERT_TRUE(set("max_tokens", 9));
  const engine::Request request = cli::to_engine_request({1}, request_, 100);
  ASSERT_TRUE(request.beam);
  EXPECT_EQ(request.beam->width, 4);
  EXPECT_EQ(request.beam->max_tokens, 9);
}

TEST(DefaultSampling, IsTheModelsOwn) {
  checkpoint::GenerationConfig config;
  config.temperature = 0.3f;
  config.top_k = 20;
  config.eos_token_ids = {2, 3};
  const text::Tokenizer tokenizer = testing::fixture_tokenizer();
  const SamplingRequest request = default_sampling(config, tokenizer);
  EXPECT_EQ(request.params.temperature, 0.3f);
  EXPECT_EQ(request.params.top_k, 20);
  EXPECT_EQ(request.params.top_p, 1.0f);
  std::vector<int32_t> ends = {2, 3};
  for (const int32_t id : tokenizer.stop_ids()) {
    if (id != 2 && id != 3) ends.push_back(id);
  }
  EXPECT_EQ(request.params.eos_token_ids, ends);
}

}  // namespace
}  // namespace spyre::cli
