#include "engine/mask_thread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

namespace spyre::engine {
namespace {

class Counter final : public MaskThread::Job {
 public:
  explicit Counter(std::chrono::microseconds time = {}) : time_(time) {}
  int runs() const { return runs_; }

 private:
  void run() override {
    std::this_thread::sleep_for(time_);
    ++runs_;  // no race: one thread at a time, and what it wrote is seen by whoever finishes
  }

  const std::chrono::microseconds time_;
  int runs_ = 0;
};

TEST(MaskThread, AnIdleJobRunsWhenItIsFinished) {
  MaskThread thread;
  Counter job;
  thread.finish(job);
  EXPECT_EQ(job.runs(), 1);
}

TEST(MaskThread, APostedJobRunsOnce) {
  MaskThread thread;
  Counter slow(std::chrono::milliseconds(20));
  Counter quick;
  thread.post(slow);
  thread.post(quick);
  thread.finish(quick);
  thread.finish(slow);
  EXPECT_EQ(slow.runs(), 1);
  EXPECT_EQ(quick.runs(), 1);
  thread.post(quick);
  thread.finish(quick);
  EXPECT_EQ(quick.runs(), 2);
}

TEST(MaskThread, WhatIsWithdrawnIsLeftAlone) {
  MaskThread thread;
  Counter slow(std::chrono::milliseconds(20));
  thread.post(slow);
  {
    Counter waiting;
    thread.post(waiting);
    thread.withdraw(waiting);
    EXPECT_EQ(waiting.runs(), 0);
  }
  thread.withdraw(slow);
  EXPECT_LE(slow.runs(), 1);
  Counter idle;
  thread.withdraw(idle);
}

TEST(MaskThread, ManyJobsInAnyOrder) {
  MaskThread thread;
  std::mt19937 random(3);
  std::deque<Counter> jobs(16);
  std::vector<int> posts(jobs.size(), 0);
  std::vector<size_t> order(jobs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  for (int round = 0; round < 300; ++round) {
    for (size_t i = 0; i < jobs.size(); ++i) {
      thread.post(jobs[i]);
      ++posts[i];
    }
    std::ranges::shuffle(order, random);
    for (const size_t i : order) thread.finish(jobs[i]);
  }
  for (size_t i = 0; i < jobs.size(); ++i) EXPECT_EQ(jobs[i].runs(), posts[i]);
}

}  // namespace
}  // namespace spyre::engine
