#include "base/short_slices.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace spyre {

namespace {

// The kernel's sched_attr, in its first version: its header and the C library's exclude each other.
struct Attributes {
  uint32_t bytes = sizeof(Attributes);
  uint32_t policy = SCHED_OTHER;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t slice_nanoseconds = 0;  // sched_runtime
  uint64_t deadline = 0;
  uint64_t period = 0;
};

constexpr uint64_t kShortest = 100'000;  // that the kernel takes, nanoseconds

}  // namespace

void ask_for_short_slices() {
  const Attributes wanted{.nice = getpriority(PRIO_PROCESS, 0), .slice_nanoseconds = kShortest};
  syscall(SYS_sched_setattr, 0, &wanted, 0);  // a wish: its failure changes nothing
}

}  // namespace spyre
