// Shows a download on a stream: one line redrawn in place on a terminal; elsewhere a plain line for
// each file and every ten seconds, so that logs stay readable.
#pragma once

#include <chrono>
#include <cstdio>
#include <deque>
#include <string>

#include "hub/hub.h"

namespace spyre::hub {

class ProgressBar {
 public:
  using Clock = std::chrono::steady_clock;

  // columns: the terminal's width; 0: the stream is no terminal. The stream must outlive the bar.
  ProgressBar(std::FILE* stream, int columns) : stream_(stream), columns_(columns) {}
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // The bar for standard error as it is.
  static int columns_of(std::FILE* stream);

  void show(const Progress& progress, Clock::time_point now = Clock::now());

  // Takes the line off the terminal.
  void clear();

 private:
  struct Sample {
    Clock::time_point time;
    int64_t received;
  };
  double bytes_per_s(const Progress& progress, Clock::time_point now);

  std::FILE* const stream_;
  const int columns_;
  std::deque<Sample> samples_;  // of the last seconds, for the speed
  Clock::time_point last_{};
  int last_files_done_ = -1;
  bool shown_ = false;
};

// "2/9 model.safetensors [####----]  45 %  1.2/2.7 GB  35.2 MB/s  0:43 left", at most `columns`
// wide when above 0, and without the bar of hashes when it is 0. bytes_per_s 0: not known yet.
std::string progress_text(const Progress& progress, double bytes_per_s, int columns);

}  // namespace spyre::hub
