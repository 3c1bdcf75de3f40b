#include "cli/pooling_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/fixture_settings.h"
#include "cli/model_use.h"

namespace spyre::cli {
namespace {

using serve::openai::PoolingTask;
using ::testing::HasSubstr;
using Args = std::vector<std::string>;

const std::filesystem::path kReference =
    std::filesystem::path(SPYRE_SOURCE_DIR) / "tests/reference";

struct Settled {
  Status status;
  Result<std::optional<serve::openai::PoolingModel>> model = std::nullopt;
  std::string message() const {
    if (!status) return status.error().message;
    return model ? "" : model.error().message;
  }
};

Settled settle(const char* fixture, Args args) {
  args.insert(args.begin(), {"serve", "m"});
  const config::Settings settings = testing::settings_of(args);
  const auto checkpoint = checkpoint::Checkpoint::open(kReference / fixture).value();
  Settled settled{.status = apply_model_use(settings, *checkpoint)};
  if (settled.status) settled.model = pooling_model(settings, *checkpoint);
  return settled;
}

TEST(PoolingService, AModelIsWhatItsFilesSay) {
  EXPECT_FALSE(settle("decoders/llama", {}).model->has_value());
  const auto bert = settle("encoders/bert_mean", {}).model;
  ASSERT_TRUE(bert && *bert);
  EXPECT_EQ((*bert)->task, PoolingTask::kEmbed);
  EXPECT_EQ((*bert)->max_tokens, 56);
  EXPECT_TRUE((*bert)->activate);
  EXPECT_FALSE((*bert)->matryoshka);
  const auto classes = settle("encoders/bert_classifier", {"--runner", "pooling"}).model;
  ASSERT_TRUE(classes && *classes);
  EXPECT_EQ((*classes)->task, PoolingTask::kClassify);
  EXPECT_EQ((*classes)->columns, 3);
  EXPECT_EQ((*classes)->labels.size(), 3u);
}

TEST(PoolingService, ADecoderIsConverted) {
  for (const Args& args :
       {Args{"--convert", "embed"}, Args{"--runner", "pooling"}, Args{"--task", "embed"}}) {
    const auto model = settle("decoders/llama", args).model;
    ASSERT_TRUE(model && *model) << args[0];
    EXPECT_EQ((*model)->task, PoolingTask::kEmbed);
    EXPECT_TRUE((*model)->activate);
  }
  EXPECT_FALSE(settle("decoders/llama", {"--convert", "none"}).model->has_value());
}

TEST(PoolingService, WhatAModelIsNotMadeForIsRefused) {
  EXPECT_THAT(settle("decoders/llama", {"--convert", "classify"}).message(), HasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--task", "classify"}).message(), HasSubstr("wanted"));
  EXPECT_THAT(settle("encoders/bert_classifier", {"--convert", "embed"}).message(),
              HasSubstr("3 labels"));
  EXPECT_THAT(settle("decoders/llama", {"--pooler-config", "{}"}).message(),
              HasSubstr("--convert embed"));
}

TEST(PoolingService, ThePoolerIsSet) {
  const auto cut =
      settle("encoders/bert_mean", {"--pooler-config", R"({"normalize": false, "dimensions": 4})"})
          .model;
  ASSERT_TRUE(cut && *cut);
  EXPECT_FALSE((*cut)->activate);
  EXPECT_TRUE((*cut)->matryoshka);
  EXPECT_EQ((*cut)->dimensions, 4);
  EXPECT_THAT(
      settle("encoders/bert_mean", {"--pooler-config", R"({"dimensions": 100000})"}).message(),
      HasSubstr("dimensions"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--pooler-config", R"({"poem": 1})"}).message(),
              HasSubstr("poem"));
}

}  // namespace
}  // namespace spyre::cli
