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
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_FALSE(settle("decoders/llama", {}).model->has_value());
  const auto bert = settle("encoders/bert_mean", {}).model;
  ASSERT_TRUE(bert && *bert);
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_EQ((*bert)->task, PoolingTask::kEmbed);
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_EQ((*bert)->max_tokens, 56);
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_TRUE((*bert)->activate);
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_FALSE((*bert)->matryoshka);
  const auto classes = settle("encoders/bert_classifier", {"--runner", "pooling"}).model;
  ASSERT_TRUE(classes && *classes);
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_EQ((*classes)->task, PoolingTask::kClassify);
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_EQ((*classes)->columns, 3);
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_EQ((*classes)->labels.size(), 3u);
}

TEST(PoolingService, ADecoderIsConverted) {
  for (const Args& args :
       {Args{"--convert", "embed"}, Args{"--runner", "pooling"}, Args{"--task", "embed"}}) {
    const auto model = settle("decoders/llama", args).model;
    ASSERT_TRUE(model && *model) << args[0];
    EHasSubstr("head"));
    EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
                HasSubstr("vectors"));
    PECT_EQ((*model)->task, PoolingTask::kEmbed);
    EHasSubstr("head"));
    EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
                HasSubstr("vectors"));
    PECT_TRUE((*model)->activate);
  }
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_FALSE(settle("decoders/llama", {"--convert", "none"}).model->has_value());
}

TEST(PoolingService, WhatAModelIsNotMadeForIsRefused) {
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_THAT(settle("decoders/llama", {"--convert", "classify"}).message(), HasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_THAT(settle("encoders/bert_mean", {"--task", "classify"}).message(), HasSubstr("wanted"));
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_THAT(settle("encoders/bert_classifier", {"--convert", "embed"}).message(),
            HasSubstr("3 labels"));
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_THAT(settle("decoders/llama", {"--pooler-config", "{}"}).message(),
            HasSubstr("--convert embed"));
}

TEST(PoolingService, ThePoolerIsSet) {
  const auto cut =
      settle("encoders/bert_mean", {"--pooler-config", R"({"normalize": false, "dimensions": 4})"})
          .model;
  ASSERT_TRUE(cut && *cut);
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_FALSE((*cut)->activate);
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_TRUE((*cut)->matryoshka);
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_EQ((*cut)->dimensions, 4);
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_THAT(
      settle("encoders/bert_mean", {"--pooler-config", R"({"dimensions": 100000})"}).message(),
      HasSubstr("dimensions"));
  EHasSubstr("head"));
  EXPECT_THAT(settle("encoders/bert_mean", {"--runner", "generate"}).message(),
              HasSubstr("vectors"));
  PECT_THAT(settle("encoders/bert_mean", {"--pooler-config", R"({"poem": 1})"}).message(),
            HasSubstr("poem"));
}

}  // namespace
}  // namespace spyre::cli
