// The one pool of compute threads. A job is a function called once on every thread with its index;
// the caller is thread 0. Workers spin for a short while after a job, then sleep, so that a decode
// step's many small jobs cost no wake-ups; with more threads than CPUs they let others run instead.
// run() allocates nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "base/result.h"

namespace spyre {

class ThreadPool {
 public:
  // cpus[i]: the CPU that worker i is pinned to, -1 for none; cpus[0] stands for the caller, who is
  // left where it is. kInvalidArgument: no entry.
  // kResourceExhausted when a thread cannot be started.
  static Result<std::unique_ptr<ThreadPool>> create(const std::vector<int>& cpus);
  virtual ~ThreadPool() = default;

  virtual int num_threads() const = 0;
  // More threads than CPUs: whoever waits should give its CPU away.
  virtual bool crowded() const = 0;

  // Calls job(thread) once for each thread 0..num_threads()-1, waits for all. One caller at a time,
  // not from a job. Every thread computes as the caller does (base/flush_denormals.h).
  template <typename Job>
  void run(Job&& job) {
    using Stored = std::remove_reference_t<Job>;
    run_erased([](void* context, int thread) { (*static_cast<Stored*>(context))(thread); },
               const_cast<void*>(static_cast<const void*>(&job)));
  }

  // Calls body(begin, end) on every thread with its share of [0, count), in static contiguous
  // ranges.
  template <typename Body>
  void parallel_for(int64_t count, Body&& body) {
    const int64_t threads = num_threads();
    run([&](int thread) {
      const int64_t begin = count * thread / threads;
      const int64_t end = count * (thread + 1) / threads;
      if (begin < end) body(begin, end);
    });
  }

 private:
  virtual void run_erased(void (*job)(void* context, int thread), void* context) = 0;
};

}  // namespace spyre
