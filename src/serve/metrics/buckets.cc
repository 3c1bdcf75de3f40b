#include "serve/metrics/buckets.h"

namespace spyre::serve::metrics {

Edges request_seconds() {
  return {0.3, 0.5, 0.8, 1,  1.5, 2,   2.5, 5,   10,   15,  20,
          30,  40,  50,  60, 120, 240, 480, 960, 1920, 7680};
}

Edges first_token_seconds() {
  return {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75,
          1,     2.5,   5,    7.5,  10,   20,   40,   80,  160,  640, 2560};
}

Edges token_seconds() {
  return {0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5,
          0.75, 1,     2.5,  5,     7.5, 10,   20,  40,  80};
}

Edges iteration_tokens() {
  return {1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384};
}

Edges choices() { return {1, 2, 5, 10, 20}; }

Edges preemptions() { return {1, 2, 3, 4, 5, 10, 20}; }

Edges request_tokens(int64_t max_model_len) {
  Edges edges;
  for (int64_t decade = 1; decade <= max_model_len; decade *= 10) {
    for (const int64_t digit : {1, 2, 5}) {
      if (digit * decade <= max_model_len) edges.push_back(static_cast<double>(digit * decade));
    }
  }
  return edges;
}

Edges http_seconds() { return {0.1, 0.5, 1}; }

Edges http_fine_seconds() {
  return {0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1,  1.5, 2,
          2.5,  3,     3.5,  4,     4.5, 5,    7.5, 10,   30, 60};
}

}  // namespace spyre::serve::metrics
