// One line of progress on standard error: redrawn in place on a terminal; elsewhere a plain line
// now and then, so that logs stay readable.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace spyre::cli {

class ProgressLine {
 public:
  // what: "loading weights".
  explicit ProgressLine(std::string_view what);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // part: how far the one after `done` is, from 0 to 1.
  void show(int64_t done, int64_t total, double part = 0);
  // Takes the line off the terminal.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  const std::string what_;
  const bool terminal_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point last_ = start_;
  bool shown_ = false;
};

}  // namespace spyre::cli
