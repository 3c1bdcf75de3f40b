// Tells the CPU that this thread spins.
#pragma once

namespace spyre {

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace spyre
