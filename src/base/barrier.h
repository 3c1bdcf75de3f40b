// Where the threads of a job wait for each other. The last to arrive lets the others go; they spin,
// and give their CPU away when they wait long or when there are fewer CPUs than threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace spyre {

class Barrier {
 public:
  // crowded: more threads than CPUs, so that whoever is waited for may need this one.
  Barrier(int threads, bool crowded) : threads_(threads), rounds_(crowded ? 0 : kSpins) {}

  // What a thread wrote before, every thread sees after.
  void wait() {
    if (threads_ == 1) return;
    const uint32_t generation = generation_.load(std::memory_order_relaxed);
    // acq_rel: the last to arrive has seen the writes of all, and hands them on below.
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
      arrived_.store(0, std::memory_order_relaxed);
      generation_.store(generation + 1, std::memory_order_release);
      return;
    }
    for (int round = 0; generation_.load(std::memory_order_acquire) == generation; ++round) {
      if (round < rounds_) {
        relax();
      } else {
        std::this_thread::yield();
      }
    }
  }

 private:
  // About 100 microseconds: longer than any region that is not a long one.
  static constexpr int kSpins = 2000;

  static void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

  const int threads_;
  const int rounds_;
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<uint32_t> generation_{0};
};

}  // namespace spyre
