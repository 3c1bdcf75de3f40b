#include "checkpoint/pooler_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/files.h"

namespace spyre::checkpoint {
namespace {

using testing::AllOf;
using testing::HasSubstr;

ModelConfig decoder() {
  ModelConfig config;
  config.architecture = "LlamaForCausalLM";
  config.max_positions = 96;
  return config;
}

Result<Pooling> with(std::string_view options) {
  return with_pooler_config(Json::parse(options), decoder(), pooling_of_decoder(decoder()));
}

TEST(PoolerConfig, ADecoderEmbedsByItsLastToken) {
  const Pooling pooling = pooling_of_decoder(decoder());
  EXPECT_EQ(pooling.task, PoolingTask::kEmbed);
  EXPECT_EQ(pooling.type, PoolingType::kLast);
  EXPECT_TRUE(pooling.normalize);
  EXPECT_EQ(pooling.max_tokens, 96);
}

TEST(PoolerConfig, ReplacesSingleFacts) {
  const auto same = with("{}");
  ASSERT_TRUE(same) << message(same);
  EXPECT_EQ(same->type, PoolingType::kLast);
  EXPECT_EQ(with(R"({"pooling_type":"MEAN"})")->type, PoolingType::kMean);
  EXPECT_EQ(with(R"({"pooling_type":"cls"})")->type, PoolingType::kCls);
  EXPECT_EQ(with(R"({"seq_pooling_type":"MAX"})")->type, PoolingType::kMax);
  EXPECT_FALSE(with(R"({"normalize":false})")->normalize);
  EXPECT_FALSE(with(R"({"use_activation":false})")->normalize);
  EXPECT_EQ(with(R"({"max_embed_len":40})")->max_tokens, 40);
  EXPECT_TRUE(with(R"({"dimensions":8,"logit_bias":null,"enable_chunked_processing":false})"));
  Pooling classifier;
  classifier.task = PoolingTask::kClassify;
  classifier.max_tokens = 96;
  const auto logits =
      with_pooler_config(Json::parse(R"({"use_activation":false})"), decoder(), classifier);
  ASSERT_TRUE(logits) << message(logits);
  EXPECT_FALSE(logits->activate);
  EXPECT_FALSE(logits->normalize);
}

TEST(PoolerConfig, SaysWhatWasWantedAndFound) {
  const auto wrong = [](std::string_view options) { return message(with(options)); };
  EXPECT_THAT(wrong(R"({"pooling_type":"STEP"})"),
              AllOf(HasSubstr("--pooler-config"), HasSubstr("CLS"), HasSubstr("STEP")));
  EXPECT_THAT(wrong(R"({"pooling_type":7})"), HasSubstr("found 7"));
  EXPECT_THAT(wrong(R"({"pooling":"MEAN"})"),
              AllOf(HasSubstr("pooling_type"), HasSubstr("found 'pooling'")));
  EXPECT_THAT(wrong(R"({"normalize":1})"), HasSubstr("true or false"));
  EXPECT_THAT(wrong(R"({"max_embed_len":97})"), HasSubstr("from 1 to 96"));
  EXPECT_EQ(code(with(R"({"logit_bias":0.5})")), Code::kUnsupported);
  EXPECT_THAT(wrong("[]"), HasSubstr("a JSON object"));
}

}  // namespace
}  // namespace spyre::checkpoint
