#include <sys/stat.h>

#include "cache/samples.h"

namespace spyre::cache {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
namespace fs = std::filesystem;

class TransferTest : public CacheTest {
 protected:
  void SetUp() override {
    for (const char* program : {"a", "b", "c"}) {
      const KeyFields fields = sample_fields({{"program", program}});
      ASSERT_TRUE(open().store(sample_entry(fields, program)));
    }
    ASSERT_TRUE(open().export_to(file_, keep_going));
    whole_ = content_of(file_);
  }
  GraphCache other() const { return GraphCache::open(temporary_.path() / "other").value(); }
  GraphCache::TransferReport import(std::string_view content) {
    overwrite(file_, content);
    return other().import_from(file_, keep_going).value();
  }

  const fs::path file_ = temporary_.path() / "cache.export";
  std::string whole_;
};

TEST_F(TransferTest, RoundTrip) {
  struct stat status{};
  ASSERT_EQ(stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto report = other().import_from(file_, keep_going).value();
  EXPECT_EQ(report.entries, 3);
  EXPECT_EQ(report.bytes, static_cast<int64_t>(whole_.size()));
  EXPECT_THAT(report.refused, IsEmpty());
  EXPECT_EQ(text_of(other().load(sample_fields({{"program", "b"}})).entry->payload), "b");
  const auto again = other().import_from(file_, keep_going).value();
  EXPECT_EQ(again.entries, 0);
  EXPECT_EQ(again.present, 3);
}

TEST_F(TransferTest, ADamagedEntryIsLeftOutOfAnExport) {
  fs::resize_file(file_of(sample_fields({{"program", "a"}})), 50);
  const auto report = open().export_to(file_, keep_going).value();
  EXPECT_EQ(report.entries, 2);
  EXPECT_THAT(report.refused, ElementsAre(HasSubstr("truncated")));
}

TEST_F(TransferTest, ARefusedEntryDoesNotStopTheOthers) {
  std::string content = whole_;
  content[whole_.size() / 3 - 40] ^= 1;  // the first one's code
  const auto report = import(content);
  EXPECT_EQ(report.entries, 2);
  EXPECT_THAT(report.refused, ElementsAre("entry 1 at byte 0: damaged: checksum"));
}

TEST_F(TransferTest, NothingIsReadBehindAnUnknownLength) {
  std::string content = whole_;
  content[whole_.size() / 3] = 'x';  // the second one's magic
  const auto report = import(content);
  EXPECT_EQ(report.entries, 1);
  EXPECT_THAT(report.refused, ElementsAre(HasSubstr("nothing behind it was read")));
}

TEST_F(TransferTest, TruncatedAnywhere) {
  for (size_t length = 0; length < whole_.size(); length += 37) {
    const auto report = import(std::string_view(whole_).substr(0, length));
    EXPECT_EQ(report.entries + report.present, static_cast<int64_t>(length / (whole_.size() / 3)));
    EXPECT_EQ(report.refused.size(), length % (whole_.size() / 3) == 0 ? 0u : 1u) << length;
  }
}

TEST_F(TransferTest, AnEntryThatIsDamagedHereIsReplaced) {
  ASSERT_TRUE(other().import_from(file_, keep_going));
  const KeyFields fields = sample_fields({{"program", "b"}});
  fs::resize_file(temporary_.path() / "other" / (fields.key() + ".spyre"), 10);
  const auto report = other().import_from(file_, keep_going).value();
  EXPECT_EQ(report.entries, 1);
  EXPECT_EQ(report.present, 2);
}

TEST_F(TransferTest, OtherFilesAreNotTouched) {
  EXPECT_EQ(open().export_to(folder(), keep_going).error().code, Code::kInvalidArgument);
  fs::create_symlink(file_, temporary_.path() / "link");
  EXPECT_FALSE(open().export_to(temporary_.path() / "link", keep_going));
  EXPECT_FALSE(open().export_to(temporary_.path() / "none/file", keep_going));
  EXPECT_EQ(other().import_from("none", keep_going).error().code, Code::kNotFound);
  EXPECT_EQ(other().import_from(folder(), keep_going).error().code, Code::kInvalidArgument);
}

TEST_F(TransferTest, AnInterruptedExportLeavesWhatWasThere) {
  const auto report = open().export_to(file_, [](int64_t, int64_t) { return false; });
  EXPECT_EQ(report.error().code, Code::kCancelled);
  EXPECT_EQ(content_of(file_), whole_);
  EXPECT_THAT(std::vector(fs::directory_iterator(temporary_.path()), {}), SizeIs(2));
}

}  // namespace
}  // namespace spyre::cache
