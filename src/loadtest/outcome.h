// What became of one request, in seconds of one clock. Filled in by whoever sends it, read by
// whoever reports.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace spyre::loadtest {

struct Outcome {
  bool ok = false;
  std::string error = {};         // when not ok
  double start = 0;               // since the start of the run: when it was sent
  double queued = 0;              // from its turn in the arrival process until it was sent
  double first_token = 0;         // after start
  double latency = 0;             // after start: the last token
  std::vector<double> gaps = {};  // between the pieces of the answer, in order
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;
  std::string text = {};
};

}  // namespace spyre::loadtest
