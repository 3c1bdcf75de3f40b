// Four processes on one folder at once: the same keys and different ones. Whoever finds an entry
// finds a whole one.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "cache/samples.h"

namespace spyre::cache {
namespace {

constexpr int kProcesses = 4;
constexpr int kRounds = 25;

// What process `writer` stores under a key: all of one letter, so that a mixture would show.
std::string code_of(int writer) {
  return std::string(static_cast<size_t>(20000 + 1000 * writer), static_cast<char>('a' + writer));
}

bool is_whole(const Entry& entry) {
  const std::string code = text_of(entry.payload);
  return !code.empty() && code == code_of(code[0] - 'a');
}

// Exit status of a process: 0, or the line that went wrong.
int work(const std::filesystem::path& folder, int number) {
  auto cache = GraphCache::open(folder);
  if (!cache) return 1;
  for (int round = 0; round < kRounds; ++round) {
    const KeyFields shared = sample_fields({{"abi", std::to_string(round % 3)}});
    const KeyFields own = sample_fields({{"program", fmt::format("{} {}", number, round)}});
    for (const KeyFields& fields : {shared, own}) {
      const auto before = cache->load(fields);
      if (before.entry && !is_whole(*before.entry)) return 2;
      if (!before.entry && before.miss != Miss::kNoEntry && before.miss != Miss::kOther) return 3;
      if (!cache->store(sample_entry(fields, code_of(number)))) return 4;
      const auto after = cache->load(fields);
      if (!after.entry || !is_whole(*after.entry)) return 5;
    }
    // Clearing up meanwhile harms nobody.
    if (round % 10 == 0 && !cache->prune({}, keep_going)) return 6;
  }
  return 0;
}

using ProcessesTest = CacheTest;

TEST_F(ProcessesTest, FourAtOnce) {
  std::vector<pid_t> children;
  for (int number = 0; number < kProcesses; ++number) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) _exit(work(folder(), number));
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  EXPECT_EQ(names().size(), static_cast<size_t>(3 + kProcesses * kRounds));
  const auto items = open().verify(keep_going).value();
  for (const auto& item : items) EXPECT_EQ(item.problem, "");
}

// Killed while it writes: the entry that was there stays, and prune clears the rest away.
TEST_F(ProcessesTest, KilledWhileWriting) {
  ASSERT_TRUE(open().store(sample_entry(sample_fields(), code_of(0))));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto cache = open();
    for (;;) {
      if (!cache.store(sample_entry(sample_fields(), code_of(1)))) _exit(1);
    }
  }
  while (names().size() < 2) usleep(100);
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  auto cache = open();
  ASSERT_TRUE(cache.load(sample_fields()).entry);
  EXPECT_TRUE(is_whole(*cache.load(sample_fields()).entry));
  ASSERT_TRUE(cache.prune({}, keep_going));
  EXPECT_EQ(names().size(), 1u);
}

}  // namespace
}  // namespace spyre::cache
