#include "loadtest/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace spyre::loadtest {

double percentile(std::span<const double> sorted, double percent) {
  if (sorted.empty()) return 0;
  const double rank = percent / 100 * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(
      std::clamp(std::floor(rank), 0.0, static_cast<double>(sorted.size() - 1)));
  const size_t above = std::min(below + 1, sorted.size() - 1);
  const double share = rank - static_cast<double>(below);
  return sorted[below] + share * (sorted[above] - sorted[below]);
}

Distribution distribution(std::vector<double> values, std::span<const double> wanted_percents) {
  Distribution result;
  std::ranges::sort(values);
  if (!values.empty()) {
    const auto count = static_cast<double>(values.size());
    result.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
    double squares = 0;
    for (const double each : values) squares += (each - result.mean) * (each - result.mean);
    result.deviation = std::sqrt(squares / count);
    result.median = percentile(values, 50);
  }
  for (const double percent : wanted_percents) {
    result.percentiles.push_back(percentile(values, percent));
  }
  return result;
}

std::string percent_name(double percent) { return fmt::format("{:g}", percent); }

}  // namespace spyre::loadtest
