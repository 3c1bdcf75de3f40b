#include "cache/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/samples.h"

namespace spyre::cache {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class FolderTest : public CacheTest {
 protected:
  std::string refusal() const {
    const auto opened = Folder::open(folder(), IfAbsent::kMake);
    return opened ? "" : opened.error().message;
  }
  unsigned mode_of(const fs::path& path) const {
    struct stat status{};
    stat(path.c_str(), &status);
    return status.st_mode & 07777u;
  }
};

TEST_F(FolderTest, IsMadeForItsOwnerAlone) {
  const auto deep = folder() / "a" / "b/";
  const auto opened = Folder::open(deep, IfAbsent::kMake);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(mode_of(deep), 0700u);
  EXPECT_TRUE(opened->writable());
}

TEST_F(FolderTest, IsNotMadeWhereNobodyAskedForIt) {
  const auto opened = Folder::open(folder(), IfAbsent::kFail);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kNotFound);
  EXPECT_FALSE(fs::exists(folder()));
}

TEST_F(FolderTest, ThatOthersMayWriteIsRefused) {
  fs::create_directory(folder());
  for (const mode_t mode : {0777, 0770, 0702, 01777}) {
    ASSERT_EQ(chmod(folder().c_str(), mode), 0);
    EXPECT_THAT(refusal(), AllOf(HasSubstr("others may write it"), HasSubstr("chmod 700")));
  }
  ASSERT_EQ(chmod(folder().c_str(), 0755), 0);
  EXPECT_EQ(refusal(), "");
}

TEST_F(FolderTest, OfAnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  fs::create_directory(folder());
  ASSERT_EQ(chmod(folder().c_str(), 0700), 0);
  ASSERT_EQ(chown(folder().c_str(), 12345, 12345), 0);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("belongs to user 12345"), HasSubstr("chown")));
}

TEST_F(FolderTest, AFileInItsPlaceIsRefused) {
  temporary_.write("cache", "text");
  EXPECT_THAT(refusal(), HasSubstr("found a file"));
  const auto below = Folder::open(folder() / "x", IfAbsent::kMake);
  EXPECT_FALSE(below);
}

TEST_F(FolderTest, FilesThatOthersMayWriteAndLinksAreRefused) {
  const auto opened = Folder::open(folder(), IfAbsent::kMake).value();
  const std::string_view text = "code";
  ASSERT_TRUE(opened.write("a", std::as_bytes(std::span(text))));
  EXPECT_EQ(mode_of(folder() / "a"), 0600u);
  EXPECT_TRUE(opened.open_file("a"));
  for (const mode_t mode : {0620, 0602}) {
    ASSERT_EQ(chmod((folder() / "a").c_str(), mode), 0);
    EXPECT_EQ(opened.open_file("a").error().code, Code::kInvalidArgument);
  }
  fs::create_symlink(folder() / "a", folder() / "link");
  EXPECT_THAT(opened.open_file("link").error().message, HasSubstr("link"));
  ASSERT_EQ(mkfifo((folder() / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(opened.open_file("pipe").error().message, HasSubstr("not a regular file"));
  EXPECT_EQ(opened.open_file("none").error().code, Code::kNotFound);
}

TEST_F(FolderTest, ReadOnlyForReading) {
  ASSERT_TRUE(Folder::open(folder(), IfAbsent::kMake)->write("a", {}));
  ASSERT_EQ(chmod(folder().c_str(), 0500), 0);
  const auto opened = Folder::open(folder(), IfAbsent::kMake).value();
  EXPECT_FALSE(opened.writable());
  EXPECT_TRUE(opened.open_file("a"));
  EXPECT_EQ(opened.write("b", {}).error().code, Code::kUnavailable);
  ASSERT_EQ(chmod(folder().c_str(), 0700), 0);
}

// The folder that was opened stays the one that is used, whatever its name leads to later.
TEST_F(FolderTest, AnExchangedNameLeadsNowhere) {
  const auto opened = Folder::open(folder(), IfAbsent::kMake).value();
  fs::rename(folder(), temporary_.path() / "elsewhere");
  fs::create_directory(folder());
  ASSERT_TRUE(opened.write("a", {}));
  EXPECT_TRUE(fs::exists(temporary_.path() / "elsewhere/a"));
  EXPECT_TRUE(fs::is_empty(folder()));
}

TEST_F(FolderTest, LeftoversGoAndLiveWritersStay) {
  const auto opened = Folder::open(folder(), IfAbsent::kMake).value();
  temporary_.write("cache/.spyre-0123.part", "half");
  temporary_.write("cache/.other", "not ours");
  const Descriptor descriptor(::open(folder().c_str(), 0));
  auto live = AsideFile::create(descriptor).value();
  EXPECT_EQ(opened.remove_leftovers(), 1);
  ASSERT_TRUE(live.commit("done"));
  EXPECT_EQ(names(), (std::vector<std::string>{".other", "done"}));
}

TEST_F(FolderTest, AnUnfinishedFileDisappears) {
  const auto opened = Folder::open(folder(), IfAbsent::kMake).value();
  const Descriptor descriptor(::open(folder().c_str(), 0));
  {
    auto aside = AsideFile::create(descriptor).value();
    EXPECT_EQ(names().size(), 1u);
  }
  EXPECT_TRUE(fs::is_empty(folder()));
}

}  // namespace
}  // namespace spyre::cache
