#include "loadtest/arrivals.h"

#include <random>

namespace spyre::loadtest {

std::vector<double> arrival_seconds(const ArrivalOptions& options, int64_t requests) {
  std::vector<double> seconds(static_cast<size_t>(requests), 0.0);
  if (!options.requests_per_second || requests == 0) return seconds;
  std::mt19937_64 random(options.seed);
  std::gamma_distribution<double> gap(options.burstiness,
                                      1 / (*options.requests_per_second * options.burstiness));
  double now = 0;
  for (double& each : seconds) each = now += gap(random);
  const double wanted = static_cast<double>(requests) / *options.requests_per_second;
  if (now > 0) {
    for (double& each : seconds) each *= wanted / now;
  }
  return seconds;
}

}  // namespace spyre::loadtest
