#include "cli/graph_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/temporary_folder.h"
#include "cache/key_fields.h"
#include "cli/fixture_settings.h"

namespace spyre::cli {
namespace {

using ::testing::HasSubstr;
using testing::settings_of;

Result<std::optional<cache::GraphCache>> cache_with(config::Environment::Variables variables,
                                                    std::vector<std::string> flags = {}) {
  flags.insert(flags.begin(), {"serve", "m"});
  return graph_cache_of(settings_of(flags, std::move(variables)));
}

TEST(GraphCacheOf, OffUnlessEnabled) {
  const TemporaryFolder temporary;
  const std::string folder = temporary.path() / "cache";
  for (const config::Environment::Variables& variables :
       std::vector<config::Environment::Variables>{
           {},
           {{"TORCH_SENDNN_CACHE_DIR", folder}},
           {{"TORCH_SENDNN_CACHE_ENABLE", "1"},
            {"TORCH_SENDNN_CACHE_DIR", folder},
            {"VLLM_DISABLE_COMPILE_CACHE", "1"}},
           {{"TORCH_SENDNN_CACHE_ENABLE", "1"}, {"VLLM_DISABLE_COMPILE_CACHE", "1"}}}) {
    const auto cache = cache_with(variables);
    ASSERT_TRUE(cache) << cache.error().message;
    EXPECT_FALSE(cache->has_value());
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(GraphCacheOf, OpensTheFolderOfVariableOrFlag) {
  const TemporaryFolder temporary;
  const std::string folder = temporary.path() / "cache";
  EXPECT_EQ((*cache_with({{"TORCH_SENDNN_CACHE_ENABLE", "1"}, {"TORCH_SENDNN_CACHE_DIR", folder}}))
                ->path(),
            folder);
  EXPECT_EQ(
      (*cache_with({{"TORCH_SENDNN_CACHE_ENABLE", "1"}}, {"--cache-dir", folder + "2"}))->path(),
      folder + "2");
}

TEST(GraphCacheOf, AFolderThatIsNotSafeNamesTheSetting) {
  const TemporaryFolder temporary;
  ASSERT_EQ(chmod(temporary.path().c_str(), 0777), 0);
  const auto cache = cache_with(
      {{"TORCH_SENDNN_CACHE_ENABLE", "1"}, {"TORCH_SENDNN_CACHE_DIR", temporary.path()}});
  ASSERT_FALSE(cache);
  EXPECT_THAT(cache.error().message, AllOf(HasSubstr("TORCH_SENDNN_CACHE_DIR"),
                                           HasSubstr("others may write"), HasSubstr("chmod 700")));
}

TEST(ThisMachine, CanBeFieldsOfAKey) {
  cache::KeyFields fields{{{"program", "p"}}};
  for (const auto& each : this_machine()) fields.fields.push_back(each);
  EXPECT_TRUE(cache::check(fields));
  EXPECT_NE(fields.find("cpu"), nullptr);
  EXPECT_NE(fields.find("spyre"), nullptr);
}

}  // namespace
}  // namespace spyre::cli
