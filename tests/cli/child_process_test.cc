// Children of this very test program.
#include "cli/child_process.h"

#include <gmock/gmock.h>

#include <thread>

namespace spyre::cli {
namespace {

using namespace std::chrono_literals;

void wait_for(ChildProcess& child) {
  while (child.running()) std::this_thread::sleep_for(1ms);
}

TEST(ChildProcess, RunsToItsEnd) {
  auto child = ChildProcess::start({"--gtest_list_tests", "--gtest_filter=ChildProcess.Runs*"});
  ASSERT_TRUE(child) << child.error().message;
  wait_for(*child);
  EXPECT_THAT(child->output(), testing::HasSubstr("RunsToItsEnd"));
  EXPECT_FALSE(child->running());
  child->end(0ms);  // nothing to do
}

// What the next test starts.
TEST(ChildProcess, DISABLED_Sleeps) { std::this_thread::sleep_for(1h); }

TEST(ChildProcess, IsEndedWithItsOwner) {
  const std::vector<std::string> arguments = {"--gtest_also_run_disabled_tests",
                                              "--gtest_filter=ChildProcess.DISABLED_Sleeps"};
  auto child = ChildProcess::start(arguments);
  ASSERT_TRUE(child);
  EXPECT_TRUE(child->running());
  child->end(10s);
  EXPECT_FALSE(child->running());
  const auto forgotten = ChildProcess::start(arguments);
  EXPECT_TRUE(forgotten);
}

}  // namespace
}  // namespace spyre::cli
