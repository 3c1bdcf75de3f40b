#include "cli/generation_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "cli/fixture_settings.h"

namespace spyre::cli {
namespace {

using checkpoint::GenerationConfig;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

GenerationConfig of_model() {
  GenerationConfig config;
  config.temperature = 0.3f;
  config.top_k = 20;
  config.max_new_tokens = 50;
  config.eos_token_ids = {2, 3};
  return config;
}

Result<GenerationConfig> with(std::vector<std::string> flags) {
  flags.insert(flags.begin(), {"serve", "m"});
  return generation_settings(testing::settings_of(flags), of_model());
}

std::string refusal(const std::string& json) {
  const auto result = with({"--override-generation-config", json});
  return result ? "accepted" : result.error().message;
}

TEST(GenerationSettings, AreTheModelsOwn) {
  const auto config = with({}).value();
  EXPECT_EQ(config.temperature, 0.3f);
  EXPECT_EQ(config.max_new_tokens, 50);
}

TEST(GenerationSettings, OrNoneButForTheEndTokens) {
  const auto config = with({"--generation-config", "vllm"}).value();
  EXPECT_FALSE(config.temperature);
  EXPECT_FALSE(config.top_k);
  EXPECT_FALSE(config.max_new_tokens);
  EXPECT_THAT(config.eos_token_ids, ElementsAre(2, 3));
}

TEST(GenerationSettings, OrAnotherFolders) {
  const TemporaryFolder folder;
  const auto missing = with({"--generation-config", folder.path().string()});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("--generation-config"));
  folder.write("generation_config.json", R"({"top_p": 0.5, "eos_token_id": 9})");
  const auto config = with({"--generation-config", folder.path().string()}).value();
  EXPECT_EQ(config.top_p, 0.5f);
  EXPECT_FALSE(config.temperature);
  EXPECT_THAT(config.eos_token_ids, ElementsAre(9));
}

TEST(GenerationSettings, TheOverrideWins) {
  const auto config =
      with({"--override-generation-config",
            R"({"temperature": 0.7, "min_p": 0.1, "max_new_tokens": 8, "top_k": null})"})
          .value();
  EXPECT_EQ(config.temperature, 0.7f);
  EXPECT_EQ(config.min_p, 0.1f);
  EXPECT_EQ(config.max_new_tokens, 8);
  EXPECT_FALSE(config.top_k);
  EXPECT_THAT(config.eos_token_ids, ElementsAre(2, 3));
}

TEST(GenerationSettings, AlsoOverNone) {
  const auto config = with({"--generation-config", "vllm", "--override-generation-config",
                            R"({"repetition_penalty": 1.1})"})
                          .value();
  EXPECT_EQ(config.repetition_penalty, 1.1f);
  EXPECT_FALSE(config.temperature);
}

TEST(GenerationSettings, TheOverrideIsChecked) {
  EXPECT_THAT(refusal(R"({"temprature": 1})"),
              AllOf(HasSubstr("--override-generation-config"), HasSubstr("'temprature'"),
                    HasSubstr("repetition_penalty, max_new_tokens")));
  EXPECT_THAT(refusal(R"({"top_p": "much"})"),
              AllOf(HasSubstr("--override-generation-config"), HasSubstr("top_p")));
  EXPECT_THAT(refusal(R"({"top_p": 2})"),
              AllOf(HasSubstr("--override-generation-config"), HasSubstr("top_p")));
  EXPECT_THAT(refusal(R"({"max_new_tokens": 0})"), HasSubstr("max_new_tokens"));
}

}  // namespace
}  // namespace spyre::cli
