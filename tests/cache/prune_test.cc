#include <fcntl.h>
#include <sys/stat.h>

#include "cache/samples.h"

namespace spyre::cache {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class PruneTest : public CacheTest {
 protected:
  KeyFields add(const std::string& program, int days_ago) {
    const KeyFields fields = sample_fields({{"program", program}});
    EXPECT_TRUE(open().store(sample_entry(fields, "code of " + program)));
    const struct timespec times[2] = {{0, UTIME_OMIT}, {time(nullptr) - days_ago * 86400, 0}};
    EXPECT_EQ(utimensat(AT_FDCWD, file_of(fields).c_str(), times, 0), 0);
    return fields;
  }
  GraphCache::PruneReport prune(const GraphCache::PruneOptions& options = {}) {
    return open().prune(options, keep_going).value();
  }
};

TEST_F(PruneTest, ByDefaultOnlyWhatCanNeverBeUsed) {
  add("a", 1000);
  const KeyFields damaged = add("b", 0);
  std::filesystem::resize_file(file_of(damaged), 30);
  temporary_.write("cache/.spyre-00.part", "half");
  temporary_.write("cache/notes.txt", "mine");
  const auto report = prune();
  ASSERT_THAT(report.removed, SizeIs(1));
  EXPECT_EQ(report.removed[0].first.key, damaged.key());
  EXPECT_THAT(report.removed[0].second, HasSubstr("truncated"));
  EXPECT_EQ(report.leftovers, 1);
  EXPECT_EQ(report.kept_entries, 1);
  EXPECT_THAT(names(), SizeIs(2));
}

TEST_F(PruneTest, ByAgeSinceTheLastUse) {
  const KeyFields used = add("a", 30);
  const KeyFields unused = add("b", 30);
  ASSERT_TRUE(open().load(used).entry);
  const auto report = prune({.max_bytes = {}, .age = std::chrono::days(7), .only = {}});
  ASSERT_THAT(report.removed, SizeIs(1));
  EXPECT_EQ(report.removed[0].first.key, unused.key());
  EXPECT_EQ(report.removed[0].second, "not used for 30.0 days");
}

TEST_F(PruneTest, ByTotalTheLongestUnusedFirst) {
  const KeyFields oldest = add("a", 3);
  const KeyFields middle = add("b", 2);
  const KeyFields newest = add("c", 1);
  const auto one = static_cast<int64_t>(std::filesystem::file_size(file_of(newest)));
  const auto report = prune({.max_bytes = 2 * one, .age = {}, .only = {}});
  ASSERT_THAT(report.removed, SizeIs(1));
  EXPECT_EQ(report.removed[0].first.key, oldest.key());
  EXPECT_EQ(report.kept_bytes, 2 * one);
  EXPECT_THAT(prune({.max_bytes = 0, .age = {}, .only = {}}).removed, SizeIs(2));
}

TEST_F(PruneTest, OfOtherMachines) {
  add("a", 0);
  ASSERT_TRUE(open().store(sample_entry(sample_fields({{"cpu", "Other"}}))));
  const auto report = prune({.max_bytes = {},
                             .age = {},
                             .only = {{"cpu", "Some CPU +avx2 +avx512"}, {"not-a-field", "x"}}});
  ASSERT_THAT(report.removed, SizeIs(1));
  EXPECT_EQ(report.removed[0].second,
            "compiled for another cpu: had Other, want Some CPU +avx2 +avx512");
}

}  // namespace
}  // namespace spyre::cache
