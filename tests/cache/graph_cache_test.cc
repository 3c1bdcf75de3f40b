#include "cache/graph_cache.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "cache/samples.h"

namespace spyre::cache {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
namespace fs = std::filesystem;

using GraphCacheTest = CacheTest;

TEST_F(GraphCacheTest, RoundTrip) {
  GraphCache cache = open();
  const Entry entry = sample_entry(sample_fields(), "machine code");
  ASSERT_TRUE(cache.store(entry));
  const auto found = open().load(entry.fields);
  ASSERT_TRUE(found.entry) << found.reason;
  EXPECT_EQ(found.miss, Miss::kNone);
  EXPECT_EQ(found.entry->fields, entry.fields);
  EXPECT_EQ(found.entry->about, entry.about);
  EXPECT_EQ(text_of(found.entry->payload), "machine code");
  EXPECT_EQ(names(), std::vector<std::string>{entry.fields.key() + ".spyre"});
}

TEST_F(GraphCacheTest, StoringAgainReplaces) {
  GraphCache cache = open();
  ASSERT_TRUE(cache.store(sample_entry(sample_fields(), "first")));
  ASSERT_TRUE(cache.store(sample_entry(sample_fields(), "second")));
  EXPECT_EQ(text_of(cache.load(sample_fields()).entry->payload), "second");
  EXPECT_THAT(names(), SizeIs(1));
}

struct Change {
  std::string field;
  std::string value;
  Miss miss;
  std::string reason;
};

TEST_F(GraphCacheTest, EachFieldThatDiffersIsAMissThatSaysSo) {
  ASSERT_TRUE(open().store(sample_entry(sample_fields())));
  for (const Change& each : std::vector<Change>{
           {"program", "decode 4", Miss::kNoEntry, "no entry"},
           {"graph", std::string(64, 'b'), Miss::kOther, "compiled for another graph: had ..."},
           {"format", "Q8_0", Miss::kOther, "compiled for another format: had Q4_1, want Q8_0"},
           {"cpu", "Other", Miss::kOther,
            "compiled for another cpu: had Some CPU +avx2 +avx512, want Other"},
           {"llvm", "20", Miss::kOther, "compiled for another llvm: had 19.1.7, want 20"},
           {"abi", "2", Miss::kOther, "compiled for another abi: had 1, want 2"}}) {
    const auto found = open().load(sample_fields({{each.field, each.value}}));
    EXPECT_FALSE(found.entry) << each.field;
    EXPECT_EQ(found.miss, each.miss) << each.field;
    if (each.field == "graph") {
      EXPECT_THAT(found.reason, StartsWith("compiled for another graph: had aaaa"));
    } else {
      EXPECT_EQ(found.reason, each.reason);
    }
  }
}

TEST_F(GraphCacheTest, ComparesWithTheEntryThatHasMostInCommon) {
  GraphCache cache = open();
  ASSERT_TRUE(cache.store(sample_entry(sample_fields({{"llvm", "17"}, {"cpu", "x"}}))));
  const auto before = cache.load(sample_fields());
  EXPECT_THAT(before.reason, AllOf(HasSubstr("another cpu"), HasSubstr("another llvm")));
  ASSERT_TRUE(cache.store(sample_entry(sample_fields({{"llvm", "18"}}))));
  EXPECT_EQ(cache.load(sample_fields()).reason, "compiled for another llvm: had 18, want 19.1.7");
}

TEST_F(GraphCacheTest, TruncatedAtEveryLength) {
  GraphCache cache = open();
  ASSERT_TRUE(cache.store(sample_entry(sample_fields())));
  const auto size = fs::file_size(file_of(sample_fields()));
  for (auto length = size; length-- > 0;) {
    fs::resize_file(file_of(sample_fields()), length);
    const auto found = cache.load(sample_fields());
    EXPECT_FALSE(found.entry);
    EXPECT_EQ(found.miss, Miss::kDamaged);
    EXPECT_THAT(found.reason, StartsWith("truncated"));
  }
  ASSERT_TRUE(cache.store(sample_entry(sample_fields())));
  EXPECT_TRUE(cache.load(sample_fields()).entry);
}

TEST_F(GraphCacheTest, EveryByteFlipped) {
  GraphCache cache = open();
  ASSERT_TRUE(cache.store(sample_entry(sample_fields())));
  const std::string good = content_of(file_of(sample_fields()));
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x40);
    overwrite(file_of(sample_fields()), bad);
    const auto found = cache.load(sample_fields());
    EXPECT_FALSE(found.entry) << at;
    EXPECT_EQ(found.miss, Miss::kDamaged) << at;
  }
  overwrite(file_of(sample_fields()), good + "x");
  EXPECT_THAT(cache.load(sample_fields()).reason, HasSubstr("bytes behind its end"));
}

// A whole entry under the name of another: the code would be for the wrong program.
TEST_F(GraphCacheTest, AnEntryUnderAnotherNameIsNotBelieved) {
  GraphCache cache = open();
  const KeyFields other = sample_fields({{"program", "decode 1"}});
  ASSERT_TRUE(cache.store(sample_entry(sample_fields())));
  fs::rename(file_of(sample_fields()), file_of(other));
  const auto found = cache.load(other);
  EXPECT_EQ(found.miss, Miss::kDamaged);
  EXPECT_THAT(found.reason, HasSubstr("not those of its name"));
  EXPECT_EQ(cache.load(sample_fields()).reason, "no entry");
}

TEST_F(GraphCacheTest, WhatOthersMayWriteIsNotBelieved) {
  GraphCache cache = open();
  ASSERT_TRUE(cache.store(sample_entry(sample_fields())));
  ASSERT_EQ(chmod(file_of(sample_fields()).c_str(), 0666), 0);
  auto found = cache.load(sample_fields());
  EXPECT_EQ(found.miss, Miss::kForeign);
  EXPECT_THAT(found.reason, HasSubstr("others may write it (mode 0666)"));
  ASSERT_EQ(chmod(file_of(sample_fields()).c_str(), 0600), 0);
  if (geteuid() == 0) {
    ASSERT_EQ(chown(file_of(sample_fields()).c_str(), 12345, 12345), 0);
    found = cache.load(sample_fields());
    EXPECT_EQ(found.miss, Miss::kForeign);
    EXPECT_THAT(found.reason, StartsWith("foreign owner"));
  }
  ASSERT_TRUE(cache.store(sample_entry(sample_fields())));
  EXPECT_TRUE(cache.load(sample_fields()).entry);
  fs::rename(file_of(sample_fields()), temporary_.path() / "real");
  fs::create_symlink(temporary_.path() / "real", file_of(sample_fields()));
  EXPECT_EQ(cache.load(sample_fields()).miss, Miss::kForeign);
}

TEST_F(GraphCacheTest, AReadOnlyFolderIsForReading) {
  ASSERT_TRUE(open().store(sample_entry(sample_fields())));
  ASSERT_EQ(chmod(folder().c_str(), 0500), 0);
  GraphCache cache = open();
  EXPECT_FALSE(cache.writable());
  EXPECT_TRUE(cache.load(sample_fields()).entry);
  EXPECT_EQ(cache.store(sample_entry(sample_fields())).error().code, Code::kUnavailable);
  EXPECT_EQ(cache.prune({}, keep_going).error().code, Code::kUnavailable);
  EXPECT_TRUE(cache.verify(keep_going));
  ASSERT_EQ(chmod(folder().c_str(), 0700), 0);
}

TEST_F(GraphCacheTest, AFullDiskIsAnErrorAndLeavesNothing) {
  GraphCache cache = open();
  ASSERT_TRUE(cache.store(sample_entry(sample_fields(), "before")));
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const struct rlimit small{.rlim_cur = 4096, .rlim_max = limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = cache.store(sample_entry(sample_fields(), std::string(10000, 'x')));
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, before);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kIo);
  EXPECT_THAT(status.error().message, HasSubstr("cannot be written: File too large"));
  EXPECT_THAT(names(), SizeIs(1));
  EXPECT_EQ(text_of(cache.load(sample_fields()).entry->payload), "before");
}

TEST_F(GraphCacheTest, ALostFolderIsAMissAndAnError) {
  GraphCache cache = open();
  fs::remove_all(folder());
  EXPECT_EQ(cache.load(sample_fields()).miss, Miss::kNoEntry);
  EXPECT_EQ(cache.store(sample_entry(sample_fields())).error().code, Code::kIo);
}

TEST_F(GraphCacheTest, RefusesFieldsThatCouldBeReadTwoWays) {
  GraphCache cache = open();
  const Entry entry = sample_entry({{{"program", "a\nb=c"}}});
  EXPECT_EQ(cache.store(entry).error().code, Code::kInvalidArgument);
  EXPECT_EQ(cache.load(entry.fields).miss, Miss::kNoEntry);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(GraphCacheTest, ManyThreads) {
  GraphCache cache = open();
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&cache, thread] {
        for (int i = 0; i < 10; ++i) {
          const KeyFields fields = sample_fields({{"abi", std::to_string(10 * thread + i)}});
          EXPECT_FALSE(cache.load(fields).entry);
          EXPECT_TRUE(cache.store(sample_entry(fields)));
          EXPECT_TRUE(cache.load(fields).entry);
        }
      });
    }
  }
  EXPECT_THAT(cache.list().value(), SizeIs(40));
}

TEST_F(GraphCacheTest, ListsAndVerifies) {
  GraphCache cache = open();
  for (const char* program : {"a", "b", "c"}) {
    ASSERT_TRUE(cache.store(sample_entry(sample_fields({{"program", program}}))));
  }
  temporary_.write("cache/pre_compiled_cache_catalog.json", "[]");
  temporary_.write("cache/notes.spyre", "not a key");
  const KeyFields damaged = sample_fields({{"program", "b"}});
  std::string content = content_of(file_of(damaged));
  content[content.size() - 40] ^= 1;  // in the code, behind the header
  overwrite(file_of(damaged), content);
  const KeyFields foreign = sample_fields({{"program", "c"}});
  ASSERT_EQ(chmod(file_of(foreign).c_str(), 0666), 0);
  const auto problems = [](const std::vector<GraphCache::Item>& items) {
    std::vector<std::string> found;
    for (const auto& item : items) {
      if (!item.problem.empty()) found.push_back(item.problem);
    }
    return found;
  };
  EXPECT_THAT(cache.list().value(), SizeIs(3));
  EXPECT_THAT(problems(cache.list().value()), SizeIs(1));
  int64_t total = 0;
  const auto checked = cache.verify([&](int64_t done, int64_t all) {
    total = all;
    return done <= all;
  });
  EXPECT_THAT(problems(*checked),
              testing::UnorderedElementsAre("damaged: checksum", HasSubstr("others may write")));
  EXPECT_GT(total, 0);
  EXPECT_EQ(cache.verify([](int64_t, int64_t) { return false; }).error().code, Code::kCancelled);
}

}  // namespace
}  // namespace spyre::cache
