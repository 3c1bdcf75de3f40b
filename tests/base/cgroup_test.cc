#include "base/cgroup.h"

#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace spyre::cgroup {
namespace {

constexpr std::string_view kV1 =
    "12:memory:/docker/abc\n"
    "4:cpu,cpuacct:/docker/abc/inner\n"
    "1:name=systemd:/\n";

TEST(Cgroup, PathOfAProcess) {
  EXPECT_EQ(path_of("0::/user.slice/run.scope\n", ""), "/user.slice/run.scope");
  EXPECT_EQ(path_of(kV1, "cpu"), "/docker/abc/inner");
  EXPECT_EQ(path_of(kV1, "cpuacct"), "/docker/abc/inner");
  EXPECT_EQ(path_of(kV1, "memory"), "/docker/abc");
  EXPECT_EQ(path_of(kV1, ""), "/");
  EXPECT_EQ(path_of(kV1, "pu"), "/");
  EXPECT_EQ(path_of("0::/a:b", ""), "/a:b");
}

TEST(Cgroup, StrangeMembershipIsTheRoot) {
  for (const std::string_view text :
       {"", "\n", "0", "0:", "0::", "nonsense", "0::relative", "0::/../..", "0::/a/../b"}) {
    EXPECT_EQ(path_of(text, ""), "/") << text;
  }
}

TEST(Cgroup, LevelsGoUpToTheMount) {
  using Paths = std::vector<std::filesystem::path>;
  EXPECT_EQ(levels("/m", "/a/b"), (Paths{"/m/a/b", "/m/a", "/m"}));
  EXPECT_EQ(levels("/m", "/"), (Paths{"/m"}));
  EXPECT_EQ(levels("/m", ""), (Paths{"/m"}));
  EXPECT_EQ(levels("/m", "/a/"), (Paths{"/m/a/", "/m/a", "/m"}));
}

TEST(Cgroup, CpuMax) {
  EXPECT_EQ(parse_cpu_max("200000 100000"), 2.0);
  EXPECT_EQ(parse_cpu_max("50000 100000\n"), 0.5);
  for (const std::string_view text :
       {"max 100000", "", "100000", "-1 100000", "0 100000", "100000 0", "1e5 100000",
        "99999999999999999999 100000", "200000 100000 5"}) {
    EXPECT_FALSE(parse_cpu_max(text)) << text;
  }
}

TEST(Cgroup, CpuQuota) {
  EXPECT_EQ(parse_cpu_quota("150000", "100000"), 1.5);
  EXPECT_FALSE(parse_cpu_quota("-1", "100000"));
  EXPECT_FALSE(parse_cpu_quota("100000", ""));
}

TEST(Cgroup, Memory) {
  EXPECT_EQ(parse_memory("1073741824\n"), int64_t{1} << 30);
  EXPECT_EQ(parse_memory("9223372036854771712"), 9223372036854771712);
  for (const std::string_view text : {"max", "", "0", "-5", "12k", "9223372036854775808"}) {
    EXPECT_FALSE(parse_memory(text)) << text;
  }
}

TEST(Cgroup, NoFilesNoLimits) {
  const TemporaryFolder folder;
  const Limits limits = read_limits(folder.path(), "0::/a/b\n");
  EXPECT_FALSE(limits.cpus);
  EXPECT_FALSE(limits.memory_bytes);
}

TEST(Cgroup, Version2TakesTheStrictestLevel) {
  const TemporaryFolder folder;
  folder.write("a/b/cpu.max", "max 100000\n");
  folder.write("a/b/memory.max", "4000\n");
  folder.write("a/cpu.max", "300000 100000\n");
  folder.write("a/memory.max", "9000\n");
  folder.write("cpu.max", "400000 100000\n");
  const Limits limits = read_limits(folder.path(), "0::/a/b\n");
  EXPECT_EQ(limits.cpus, 3.0);
  EXPECT_EQ(limits.memory_bytes, 4000);
}

TEST(Cgroup, Version1HasAFolderPerController) {
  const TemporaryFolder folder;
  folder.write("cpu/docker/abc/cpu.cfs_quota_us", "-1\n");
  folder.write("cpu/docker/abc/cpu.cfs_period_us", "100000\n");
  folder.write("cpu/cpu.cfs_quota_us", "250000\n");
  folder.write("cpu/cpu.cfs_period_us", "100000\n");
  folder.write("memory/docker/abc/memory.limit_in_bytes", "5000\n");
  const Limits limits = read_limits(folder.path(), kV1);
  EXPECT_EQ(limits.cpus, 2.5);
  EXPECT_EQ(limits.memory_bytes, 5000);
}

TEST(Cgroup, InAContainerOnlyTheRootIsVisible) {
  const TemporaryFolder folder;
  folder.write("cpu.max", "100000 100000\n");
  EXPECT_EQ(read_limits(folder.path(), "0::/../../host/group\n").cpus, 1.0);
  EXPECT_EQ(read_limits(folder.path(), "0::/not/mounted/here\n").cpus, 1.0);
}

}  // namespace
}  // namespace spyre::cgroup
