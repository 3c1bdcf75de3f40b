// Numbers about numbers. Percentiles interpolate linearly between ranks, as numpy's default does
// (Hyndman and Fan 1996, definition 7); the deviation is that of the whole population.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace spyre::loadtest {

// percent: 0..100. 0 for no values.
double percentile(std::span<const double> sorted, double percent);

// Of one measure over all requests, in the unit of the values; all 0 for no values.
struct Distribution {
  double mean = 0;
  double median = 0;
  double deviation = 0;
  std::vector<double> percentiles = {};  // of the wanted ones, in their order
};
Distribution distribution(std::vector<double> values, std::span<const double> wanted_percents);

// "99", "99.9": as it is written behind "p" in names.
std::string percent_name(double percent);

}  // namespace spyre::loadtest
