// Scheduling of threads that sleep often and work briefly.
#pragma once

namespace spyre {

// Asks the kernel to let the calling thread run soon after it wakes, in short slices, where all
// CPUs are busy computing: without it such a thread waits for the end of another one's slice,
// milliseconds. Takes nothing from others in the long run. Linux 6.12 and later; no effect before.
void ask_for_short_slices();

}  // namespace spyre
