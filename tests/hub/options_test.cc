#include "hub/options.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <map>

namespace spyre::hub {
namespace {

using testing::HasSubstr;

Result<HubOptions> from(std::map<std::string, std::string, std::less<>> variables) {
  return options_from([&](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

TEST(HubOptions, TheCacheLiesWhereTheHubsLibraryHasIt) {
  EXPECT_EQ(from({{"HOME", "/h"}})->cache_dir, "/h/.cache/huggingface/hub");
  EXPECT_EQ(from({{"HOME", "/h"}, {"XDG_CACHE_HOME", "/x"}})->cache_dir, "/x/huggingface/hub");
  EXPECT_EQ(from({{"HOME", "/h"}, {"XDG_CACHE_HOME", "/x"}, {"HF_HOME", "/f"}})->cache_dir,
            "/f/hub");
  EXPECT_EQ(from({{"HOME", "/h"}, {"HF_HOME", "~/f"}})->cache_dir, "/h/f/hub");
  EXPECT_EQ(from({{"HF_HOME", "/f"}, {"HF_HUB_CACHE", "/c"}})->cache_dir, "/c");
  EXPECT_EQ(from({{"HF_HUB_CACHE", "/c"}})->cache_dir, "/c");
  EXPECT_EQ(from({{"HOME", "/h"}, {"HF_HOME", ""}})->cache_dir, "/h/.cache/huggingface/hub");
  EXPECT_THAT(from({}).error().message, HasSubstr("HF_HOME"));
}

TEST(HubOptions, TheTokenOfTheVariableGoesBeforeTheFiles) {
  std::string folder = testing::TempDir() + "spyre_token_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/token") << "from_home\n";
  std::ofstream(folder + "/other") << " from_path ";
  EXPECT_EQ(from({{"HF_HOME", folder}})->token, "from_home");
  EXPECT_EQ(from({{"HF_HOME", folder}, {"HF_TOKEN_PATH", folder + "/other"}})->token, "from_path");
  EXPECT_EQ(from({{"HF_HOME", folder}, {"HF_TOKEN", "given\n"}})->token, "given");
  EXPECT_EQ(from({{"HF_HOME", folder + "/none"}})->token, "");
  std::filesystem::remove_all(folder);
}

TEST(HubOptions, OfflineIsYesOrNo) {
  EXPECT_FALSE(from({{"HOME", "/h"}})->offline);
  EXPECT_TRUE(from({{"HOME", "/h"}, {"HF_HUB_OFFLINE", "1"}})->offline);
  EXPECT_TRUE(from({{"HOME", "/h"}, {"HF_HUB_OFFLINE", "Yes"}})->offline);
  EXPECT_FALSE(from({{"HOME", "/h"}, {"HF_HUB_OFFLINE", "off"}})->offline);
  const auto wrong = from({{"HOME", "/h"}, {"HF_HUB_OFFLINE", "maybe"}});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("HF_HUB_OFFLINE: wanted 1 or 0, found 'maybe'"));
}

TEST(HubOptions, TheEndpointIsAnAddress) {
  EXPECT_EQ(from({{"HOME", "/h"}, {"HF_ENDPOINT", "http://mirror:8080"}})->endpoint,
            "http://mirror:8080");
  EXPECT_THAT(from({{"HOME", "/h"}, {"HF_ENDPOINT", "mirror"}}).error().message,
              HasSubstr("HF_ENDPOINT"));
}

}  // namespace
}  // namespace spyre::hub
