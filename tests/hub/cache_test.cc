#include "hub/cache.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

namespace spyre::hub {
namespace {

namespace fs = std::filesystem;

const std::string kCommit(40, 'c');

class CacheTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "spyre_cache_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  // A file as a download leaves it.
  void put(const std::string& path, const std::string& content) {
    const Cache cache(folder_, "org/name");
    const std::string etag = std::to_string(std::hash<std::string>()(path));
    fs::create_directories(cache.folder() / "blobs");
    std::ofstream(cache.blob(etag)) << content;
    ASSERT_TRUE(cache.link(kCommit, path, etag));
  }
  std::optional<fs::path> find(std::string_view id) {
    return find_cached(folder_, *parse_model_id(id, ""));
  }

  fs::path folder_;
};

TEST_F(CacheTest, FindsAModelByBranchAndByCommit) {
  put("config.json", "{}");
  put("model.safetensors", "weights");
  EXPECT_EQ(find("org/name"), std::nullopt) << "no branch yet";
  ASSERT_TRUE(Cache(folder_, "org/name").write_ref("main", kCommit));
  EXPECT_EQ(find("org/name"), folder_ / "models--org--name/snapshots" / kCommit);
  EXPECT_EQ(find("org/name@" + kCommit), find("org/name"));
  EXPECT_EQ(find("org/name@v1"), std::nullopt);
  EXPECT_EQ(find("org/other"), std::nullopt);
  EXPECT_EQ(find("org/name:Q4_0"), std::nullopt);
}

TEST_F(CacheTest, AFolderWithoutWeightsIsNoModel) {
  put("config.json", "{}");
  put("tokenizer.json", "{}");
  EXPECT_EQ(find("org/name@" + kCommit), std::nullopt);
}

TEST_F(CacheTest, EveryFileOfTheIndexMustBeThere) {
  put("config.json", "{}");
  put("x.safetensors", "weights");
  put("model.safetensors.index.json", R"({"weight_map":{"a":"x.safetensors"}})");
  EXPECT_NE(find("org/name@" + kCommit), std::nullopt);
  put("model.safetensors.index.json",
      R"({"weight_map":{"a":"x.safetensors","b":"y.safetensors"}})");
  EXPECT_EQ(find("org/name@" + kCommit), std::nullopt);
  put("model.safetensors.index.json", R"({"weight_map":{"a":"../../refs/main"}})");
  EXPECT_EQ(find("org/name@" + kCommit), std::nullopt);
  put("model.safetensors.index.json", "no json");
  EXPECT_EQ(find("org/name@" + kCommit), std::nullopt);
}

TEST_F(CacheTest, ALinkToADeletedBlobIsNoFile) {
  put("config.json", "{}");
  put("model.safetensors", "weights");
  fs::remove(
      fs::canonical(folder_ / "models--org--name/snapshots" / kCommit / "model.safetensors"));
  EXPECT_EQ(find("org/name@" + kCommit), std::nullopt);
}

TEST_F(CacheTest, ADamagedRefStandsForNothing) {
  const Cache cache(folder_, "org/name");
  fs::create_directories(cache.folder() / "refs");
  std::ofstream(cache.folder() / "refs/main") << "../../../etc";
  EXPECT_EQ(cache.commit_of("main"), std::nullopt);
  std::ofstream(cache.folder() / "refs/main") << kCommit << "\n";
  EXPECT_EQ(cache.commit_of("main"), kCommit);
}

TEST_F(CacheTest, LinkingAgainReplacesTheOldLink) {
  const Cache cache(folder_, "org/name");
  ASSERT_TRUE(cache.link(kCommit, "a/b", "one"));
  ASSERT_TRUE(cache.link(kCommit, "a/b", "two"));
  EXPECT_EQ(fs::read_symlink(cache.snapshot(kCommit) / "a/b"), "../../../blobs/two");
}

}  // namespace
}  // namespace spyre::hub
