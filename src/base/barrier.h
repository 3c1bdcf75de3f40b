// Where the threads of a job wait for each other. The last to arrive lets the others go. They spin
// for as long as a region may take, give their CPU away for a few rounds, then sleep: where CPUs
// are scarce, whoever is waited for needs this one.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "base/relax.h"

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
      // seq_cst, as in sleep(): either this thread sees the sleeper, or that one the new
      // generation.
      generation_.store(generation + 1, std::memory_order_seq_cst);
      if (sleepers_.load(std::memory_order_seq_cst) > 0) generation_.notify_all();
      return;
    }
    for (int round = 0; generation_.load(std::memory_order_acquire) == generation; ++round) {
      if (round < rounds_) {
        relax();
      } else if (round < rounds_ + kYields) {
        std::this_thread::yield();
      } else {
        return sleep(generation);
      }
    }
  }

 private:
  // About 100 microseconds: longer than any region that is not a long one.
  static constexpr int kSpins = 2000;
  static constexpr int kYields = 20;

  void sleep(uint32_t generation) {
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    while (generation_.load(std::memory_order_seq_cst) == generation) {
      generation_.wait(generation, std::memory_order_acquire);
    }
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }

  const int threads_;
  const int rounds_;
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<uint32_t> generation_{0};
  std::atomic<int> sleepers_{0};
};

}  // namespace spyre
