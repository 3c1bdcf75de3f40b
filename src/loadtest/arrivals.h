// When requests are sent: gaps from a gamma distribution with mean 1/rate, whose shape is the
// burstiness (1: a Poisson process; less: bursts; more: a steady beat).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace spyre::loadtest {

struct ArrivalOptions {
  std::optional<double> requests_per_second = {};  // none: all at once
  double burstiness = 1;                           // above 0
  uint64_t seed = 0;
};

// Seconds from the start, rising, one per request; the same for the same seed. The last is at
// requests / rate exactly: what is measured is the rate that was asked for, not the draw's.
std::vector<double> arrival_seconds(const ArrivalOptions& options, int64_t requests);

}  // namespace spyre::loadtest
