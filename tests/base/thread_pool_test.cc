#include "base/thread_pool.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>

#include "base/cpu.h"

namespace spyre {
namespace {

std::unique_ptr<ThreadPool> pool_of(size_t threads) {
  return std::move(ThreadPool::create(std::vector<int>(threads, -1)).value());
}

TEST(ThreadPool, NeedsAThread) {
  const auto pool = ThreadPool::create({});
  ASSERT_FALSE(pool);
  EXPECT_EQ(pool.error().code, Code::kInvalidArgument);
}

TEST(ThreadPool, EachThreadRunsAJobOnceAndTheCallerIsThreadZero) {
  for (const size_t threads : {1, 2, 3, 8}) {
    const auto pool = pool_of(threads);
    EXPECT_EQ(pool->num_threads(), static_cast<int>(threads));
    const auto caller = std::this_thread::get_id();
    std::vector<int> runs(threads);
    for (int round = 0; round < 200; ++round) {
      pool->run([&](int thread) {
        ++runs[static_cast<size_t>(thread)];
        EXPECT_EQ(thread == 0, std::this_thread::get_id() == caller);
      });
    }
    EXPECT_EQ(runs, std::vector<int>(threads, 200));
  }
}

TEST(ThreadPool, ParallelForCoversTheRangeOnce) {
  for (const size_t threads : {1, 2, 5}) {
    const auto pool = pool_of(threads);
    for (const int64_t count : {0, 1, 2, 4, 5, 6, 1000}) {
      std::vector<int> touched(static_cast<size_t>(count));
      pool->parallel_for(count, [&](int64_t begin, int64_t end) {
        EXPECT_LT(begin, end);
        for (int64_t i = begin; i < end; ++i) ++touched[static_cast<size_t>(i)];
      });
      EXPECT_EQ(touched, std::vector<int>(static_cast<size_t>(count), 1));
    }
  }
}

// What a job writes is seen by the caller and by every thread of the next job.
TEST(ThreadPool, JobsSeeWhatEarlierJobsWrote) {
  const auto pool = pool_of(3);
  std::vector<int64_t> values(3, 0);
  for (int64_t round = 1; round <= 2000; ++round) {
    int64_t sum = 0;
    pool->run([&](int thread) { values[static_cast<size_t>(thread)] += round; });
    for (const int64_t value : values) sum += value;
    ASSERT_EQ(sum, 3 * round * (round + 1) / 2);
    std::atomic<int64_t> seen{0};
    pool->run([&](int) { seen += std::accumulate(values.begin(), values.end(), int64_t{0}); });
    ASSERT_EQ(seen.load(), 3 * sum);
  }
}

// Pauses around the time after which a worker falls asleep, so that the start of a job meets
// workers that are about to.
TEST(ThreadPool, NoWakeUpIsLost) {
  for (const size_t threads : {2, 6}) {
    const auto pool = pool_of(threads);
    std::atomic<int> runs{0};
    constexpr int kRounds = 400;
    for (int round = 0; round < kRounds; ++round) {
      std::this_thread::sleep_for(std::chrono::microseconds(round * 5));
      pool->run([&](int) { ++runs; });
    }
    EXPECT_EQ(runs.load(), kRounds * static_cast<int>(threads));
  }
}

TEST(ThreadPool, EndsWhetherWorkersSleepOrNot) {
  for (int round = 0; round < 50; ++round) {
    const auto pool = pool_of(4);
    if (round % 2 == 0) pool->run([](int) {});
    if (round % 10 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
}

// With many more threads than CPUs, threads that spin would keep those that work from running:
// each round would then cost a time slice for each of them.
TEST(ThreadPool, MoreThreadsThanCpusStillFinish) {
  const auto pool = pool_of(4 * usable_cpus().size() + 1);
  std::atomic<int> runs{0};
  for (int round = 0; round < 300; ++round) pool->run([&](int) { ++runs; });
  EXPECT_EQ(runs.load(), 300 * pool->num_threads());
}

TEST(ThreadPool, WorkersArePinnedTheCallerIsNot) {
  const int last = usable_cpus().back();
  const auto pool = std::move(ThreadPool::create({-1, last, -1}).value());
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  std::vector<cpu_set_t> masks(3);
  pool->run([&](int thread) {
    cpu_set_t& mask = masks[static_cast<size_t>(thread)];
    CPU_ZERO(&mask);
    sched_getaffinity(0, sizeof(mask), &mask);
  });
  EXPECT_TRUE(CPU_EQUAL(&masks[0], &before));
  EXPECT_EQ(CPU_COUNT(&masks[1]), 1);
  EXPECT_TRUE(CPU_ISSET(last, &masks[1]));
  EXPECT_TRUE(CPU_EQUAL(&masks[2], &before));
}

// A CPU that does not exist costs the pin, nothing else.
TEST(ThreadPool, ARefusedPinIsNoError) {
  const auto pool = ThreadPool::create({-1, CPU_SETSIZE - 1, 1'000'000});
  ASSERT_TRUE(pool);
  std::atomic<int> runs{0};
  (*pool)->run([&](int) { ++runs; });
  EXPECT_EQ(runs.load(), 3);
}

}  // namespace
}  // namespace spyre
