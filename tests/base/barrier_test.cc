#include "base/barrier.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace spyre {
namespace {

// Each thread writes its own cell, all meet, each reads every cell: more threads than CPUs, so that
// spinning, yielding and sleeping all happen.
void meet_often(int threads, bool crowded, int rounds) {
  Barrier barrier(threads, crowded);
  std::vector<int> cells(static_cast<size_t>(threads));
  std::vector<int> wrong(static_cast<size_t>(threads));
  std::vector<std::jthread> workers;
  workers.reserve(static_cast<size_t>(threads));
  for (int index = 0; index < threads; ++index) {
    workers.emplace_back([&, index] {
      const auto own = static_cast<size_t>(index);
      for (int round = 1; round <= rounds; ++round) {
        cells[own] = round;
        barrier.wait();
        for (const int cell : cells) wrong[own] += cell != round;
        barrier.wait();
      }
    });
  }
  workers.clear();
  for (const int each : wrong) EXPECT_EQ(each, 0);
}

TEST(Barrier, WhatWasWrittenBeforeIsSeenAfter) {
  meet_often(2, false, 2000);
  meet_often(2, true, 2000);
  meet_often(7, true, 300);
  meet_often(7, false, 30);
}

TEST(Barrier, OneThreadWaitsForNobody) {
  Barrier barrier(1, false);
  barrier.wait();
}

}  // namespace
}  // namespace spyre
