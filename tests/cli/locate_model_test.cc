#include "cli/locate_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/fixture_settings.h"

namespace spyre::cli {
namespace {

using ::testing::HasSubstr;

const std::string kLlama =
    (std::filesystem::path(SPYRE_SOURCE_DIR) / "tests/reference/decoders/llama").string();

auto tokenizer(std::vector<std::string> flags) {
  flags.insert(flags.begin(), {"generate", kLlama});
  return locate_tokenizer(testing::settings_of(flags, {{"HOME", "/nowhere"}}));
}

TEST(LocateTokenizer, IsTheModelsUnlessItIsNamed) {
  EXPECT_EQ(tokenizer({}).value(), std::nullopt);
  EXPECT_EQ(tokenizer({"--tokenizer", "/"}).value(), std::filesystem::path("/"));
}

TEST(LocateTokenizer, APathHasNoRevision) {
  const auto of_path = tokenizer({"--tokenizer", "/", "--tokenizer-revision", "v1"});
  ASSERT_FALSE(of_path);
  EXPECT_THAT(of_path.error().message, HasSubstr("--tokenizer-revision: wanted a hub id"));
  const auto of_model = tokenizer({"--tokenizer-revision", "v1"});
  ASSERT_FALSE(of_model);
  EXPECT_EQ(of_model.error().code, Code::kInvalidArgument);
}

TEST(LocateTokenizer, WhatIsNeitherNamesTheFlag) {
  EXPECT_THAT(tokenizer({"--tokenizer", "./no/such/folder"}).error().message,
              HasSubstr("--tokenizer: no such file or folder"));
}

}  // namespace
}  // namespace spyre::cli
