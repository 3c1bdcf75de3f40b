#include "config/hub_paths.h"

#include <gtest/gtest.h>

#include "config/support.h"

namespace spyre::config {
namespace {

std::string cache(const Variables& variables, std::vector<std::string> args = {"pull", "o/n"}) {
  return hub_cache_dir(*settings_of(variables, std::move(args)))->string();
}

TEST(HubPaths, CacheFollowsTheHubsOwnOrder) {
  Variables variables = {{"HOME", "/h"}};
  EXPECT_EQ(cache(variables), "/h/.cache/huggingface/hub");
  variables["XDG_CACHE_HOME"] = "/x";
  EXPECT_EQ(cache(variables), "/x/huggingface/hub");
  variables["HF_HOME"] = "/f";
  EXPECT_EQ(cache(variables), "/f/hub");
  variables["HF_HUB_CACHE"] = "/c";
  EXPECT_EQ(cache(variables), "/c");
  EXPECT_EQ(cache(variables, {"pull", "o/n", "--download-dir", "/d"}), "/d");
}

TEST(HubPaths, NowhereIsAnError) {
  EXPECT_THAT(message(hub_cache_dir(*settings_of({}))), says("--download-dir", "HF_HOME"));
}

TEST(HubPaths, TokenFile) {
  EXPECT_EQ(hub_token_path(*settings_of({{"HF_HOME", "/f"}})), "/f/token");
  EXPECT_EQ(hub_token_path(*settings_of({{"HF_HOME", "/f"}, {"HF_TOKEN_PATH", "/t"}})), "/t");
  EXPECT_EQ(hub_token_path(*settings_of({})), "");
}

}  // namespace
}  // namespace spyre::config
