// The engine's steady clock, in the seconds that reports speak.
#pragma once

#include <chrono>

namespace spyre::engine {

using Clock = std::chrono::steady_clock;

inline double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace spyre::engine
