#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/temporary_folder.h"

namespace spyre {
namespace {

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

TEST(MappedFile, HoldsTheBytesAndThePath) {
  const TemporaryFolder folder;
  const auto path = folder.write("weights", "some bytes");
  auto file = MappedFile::open(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(text_of(*file), "some bytes");
  EXPECT_EQ(file->path(), path);
  const MappedFile moved = std::move(*file);
  EXPECT_EQ(text_of(moved), "some bytes");
}

TEST(MappedFile, AnEmptyFileIsNoError) {
  const TemporaryFolder folder;
  const auto file = MappedFile::open(folder.write("empty", ""));
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->bytes().empty());
  file->drop(file->bytes());
}

TEST(MappedFile, RefusesWhatIsNoFile) {
  const TemporaryFolder folder;
  const auto file = folder.write("file", "x");
  const auto code = [](const std::filesystem::path& path) {
    const auto opened = MappedFile::open(path);
    EXPECT_FALSE(opened);
    EXPECT_NE(opened.error().message.find(path.string()), std::string::npos);
    return opened.error().code;
  };
  EXPECT_EQ(code(folder.path() / "missing"), Code::kNotFound);
  EXPECT_EQ(code(file / "below"), Code::kNotFound);
  EXPECT_EQ(code(folder.path()), Code::kIo);
  EXPECT_EQ(code("/dev/null"), Code::kIo);
}

// A pipe without a writer: an open() that waits for one would hang this test.
TEST(MappedFile, DoesNotWaitForAPipe) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const auto file = MappedFile::open(path);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::kIo);
  EXPECT_NE(file.error().message.find("not a regular file"), std::string::npos);
}

TEST(MappedFile, DroppedPagesStayReadable) {
  const TemporaryFolder folder;
  const std::string text(100'000, 'q');
  const auto file = MappedFile::open(folder.write("large", text));
  ASSERT_TRUE(file);
  file->drop(file->bytes());
  file->drop(file->bytes().subspan(5000, 20'000));
  file->drop(file->bytes().subspan(10, 3));
  EXPECT_EQ(text_of(*file), text);
}

}  // namespace
}  // namespace spyre
