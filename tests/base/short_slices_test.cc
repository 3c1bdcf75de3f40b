#include "base/short_slices.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <thread>

namespace spyre {
namespace {

TEST(ShortSlices, ChangeNeitherPolicyNorNiceness) {
  std::thread([] {
    const int niceness = getpriority(PRIO_PROCESS, 0);
    ask_for_short_slices();
    EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
    EXPECT_EQ(getpriority(PRIO_PROCESS, 0), niceness);
  }).join();
}

}  // namespace
}  // namespace spyre
