#include "base/cpu_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "base/cpu.h"

namespace spyre {
namespace {

using testing::HasSubstr;
using Cpus = std::vector<int>;

Cpus eight() {
  Cpus cpus(8);
  std::iota(cpus.begin(), cpus.end(), 0);
  return cpus;
}

Cpus parsed(std::string_view text) {
  const auto cpus = parse_cpu_list(text, eight(), 3);
  EXPECT_TRUE(cpus) << cpus.error().message;
  return cpus.value_or(Cpus{});
}

std::string refused(std::string_view text) {
  const auto cpus = parse_cpu_list(text, eight(), 3);
  if (cpus) return "accepted";
  EXPECT_EQ(cpus.error().code, Code::kInvalidArgument);
  EXPECT_THAT(cpus.error().message, HasSubstr("VLLM_CPU_OMP_THREADS_BIND"));
  return cpus.error().message;
}

TEST(CpuList, Lists) {
  EXPECT_EQ(parsed("0-3"), (Cpus{0, 1, 2, 3}));
  EXPECT_EQ(parsed("0,2,4-7"), (Cpus{0, 2, 4, 5, 6, 7}));
  EXPECT_EQ(parsed("5"), (Cpus{5}));
  EXPECT_EQ(parsed("3-3"), (Cpus{3}));
  EXPECT_EQ(parsed("7,0"), (Cpus{7, 0}));
  EXPECT_EQ(parsed(" 1 , 2 - 3 "), (Cpus{1, 2, 3}));
}

TEST(CpuList, TheFirstRankCounts) {
  EXPECT_EQ(parsed("0-1|2-3"), (Cpus{0, 1}));
  EXPECT_EQ(parsed("4|0-3|5"), (Cpus{4}));
  EXPECT_EQ(parsed("0-3|0-3"), (Cpus{0, 1, 2, 3}));
}

TEST(CpuList, Words) {
  EXPECT_EQ(parsed("auto"), (Cpus{0, 1, 2}));
  EXPECT_EQ(parsed("nobind"), (Cpus{-1, -1, -1}));
  EXPECT_EQ(parse_cpu_list("auto", {4, 6}, 5).value(), (Cpus{4, 6}));
}

TEST(CpuList, RefusesWhatIsNoList) {
  for (const std::string_view text :
       {"",   " ",     ",",    "0,",     ",0",          "0,,1",         "a", "0-",
        "-1", "0-1-2", "1.5",  "0x1",    "+1",          "0 1",          "|", "0|",
        "|0", "0|x",   "Auto", "auto|0", "99999999999", "0-99999999999"}) {
    EXPECT_THAT(refused(text), HasSubstr("wanted auto, nobind or CPU numbers")) << text;
  }
}

TEST(CpuList, RefusesWhatTheProcessCannotUse) {
  EXPECT_THAT(refused("8"), HasSubstr("may use (0,1,2,3,4,5,6,7), found 8"));
  EXPECT_THAT(refused("0-2000000000"), HasSubstr("found 8"));
  EXPECT_THAT(refused("0|9"), HasSubstr("found 9"));
  EXPECT_THAT(refused("0,1,0"), HasSubstr("found 0 twice"));
  EXPECT_THAT(refused("3-1"), HasSubstr("found '3-1'"));
  const auto gap = parse_cpu_list("0-2", {2, 0}, 2);
  ASSERT_FALSE(gap);
  EXPECT_THAT(gap.error().message, HasSubstr("(0,2), found 1"));
}

TEST(CpuList, OfThisProcess) {
  const auto cpus = parse_cpu_list("auto");
  ASSERT_TRUE(cpus);
  EXPECT_EQ(static_cast<int>(cpus->size()), default_num_threads());
  EXPECT_EQ(cpus->front(), usable_cpus().front());
}

}  // namespace
}  // namespace spyre
