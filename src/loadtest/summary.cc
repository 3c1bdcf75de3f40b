#include "loadtest/summary.h"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace spyre::loadtest {

namespace {

constexpr double kMilliseconds = 1000;

std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> items;
  while (true) {
    const size_t comma = list.find(',');
    items.push_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return items;
    list.remove_prefix(comma + 1);
  }
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Measure> measure_named(std::string_view word) {
  for (const Measure each : kMeasures) {
    if (name(each) == word) return each;
  }
  return std::nullopt;
}

// Of one request, in milliseconds; none where it has no such thing. itl: its mean.
std::optional<double> value_of(const Outcome& outcome, Measure measure) {
  switch (measure) {
    case Measure::kTtft:
      return outcome.first_token * kMilliseconds;
    case Measure::kTpot:
      if (outcome.output_tokens < 2) return std::nullopt;
      return (outcome.latency - outcome.first_token) * kMilliseconds /
             static_cast<double>(outcome.output_tokens - 1);
    case Measure::kItl:
      if (outcome.gaps.empty()) return std::nullopt;
      return std::accumulate(outcome.gaps.begin(), outcome.gaps.end(), 0.0) * kMilliseconds /
             static_cast<double>(outcome.gaps.size());
    case Measure::kE2el:
      return outcome.latency * kMilliseconds;
  }
  return std::nullopt;
}

bool is_good(const Outcome& outcome, const Goodput& goodput) {
  return std::ranges::all_of(goodput, [&](const auto& wanted) {
    return value_of(outcome, wanted.first).value_or(0) <= wanted.second;
  });
}

double peak_per_second(const std::vector<Outcome>& outcomes) {
  std::map<int64_t, int64_t> pieces;  // by second of the run
  for (const Outcome& each : outcomes) {
    if (!each.ok) continue;
    double when = each.start + each.first_token;
    ++pieces[static_cast<int64_t>(when)];
    for (const double gap : each.gaps) ++pieces[static_cast<int64_t>(when += gap)];
  }
  int64_t peak = 0;
  for (const auto& [second, count] : pieces) peak = std::max(peak, count);
  return static_cast<double>(peak);
}

}  // namespace

std::string_view name(Measure measure) {
  switch (measure) {
    case Measure::kTtft:
      return "ttft";
    case Measure::kTpot:
      return "tpot";
    case Measure::kItl:
      return "itl";
    case Measure::kE2el:
      return "e2el";
  }
  return "";
}

Result<std::vector<Measure>> parse_measures(std::string_view list) {
  std::vector<Measure> measures;
  for (const std::string_view word : split(list)) {
    const auto measure = measure_named(word);
    if (!measure) {
      return error(Code::kInvalidArgument,
                   "--percentile-metrics: wanted ttft, tpot, itl or e2el, found '{}'", word);
    }
    measures.push_back(*measure);
  }
  return measures;
}

Result<std::vector<double>> parse_percents(std::string_view list) {
  std::vector<double> percents;
  for (const std::string_view word : split(list)) {
    const auto percent = number(word);
    if (!percent || !(*percent >= 0 && *percent <= 100)) {
      return error(Code::kInvalidArgument,
                   "--metric-percentiles: wanted numbers from 0 to 100, found '{}'", word);
    }
    percents.push_back(*percent);
  }
  return percents;
}

Result<Goodput> parse_goodput(const std::vector<std::string>& words) {
  Goodput goodput;
  for (const std::string& word : words) {
    const size_t colon = std::min(word.find(':'), word.size());
    const auto measure = measure_named(std::string_view(word).substr(0, colon));
    const auto limit = number(std::string_view(word).substr(std::min(colon + 1, word.size())));
    if (!measure || *measure == Measure::kItl || !limit || !(*limit >= 0)) {
      return error(Code::kInvalidArgument,
                   "--goodput: wanted ttft:MS, tpot:MS or e2el:MS, found '{}'", word);
    }
    goodput[*measure] = *limit;
  }
  return goodput;
}

Summary summarize(const LoadResult& result, const std::vector<double>& percents,
                  const Goodput& goodput) {
  Summary summary{
      .seconds = result.seconds, .peak_concurrency = result.peak_concurrency, .percents = percents};
  std::map<Measure, std::vector<double>> values;
  int64_t good = 0;
  for (const Outcome& each : result.outcomes) {
    if (!each.ok) {
      ++summary.failed;
      continue;
    }
    ++summary.completed;
    summary.input_tokens += each.input_tokens;
    summary.output_tokens += each.output_tokens;
    if (is_good(each, goodput)) ++good;
    for (const Measure measure : {Measure::kTtft, Measure::kTpot, Measure::kE2el}) {
      if (const auto value = value_of(each, measure)) values[measure].push_back(*value);
    }
    for (const double gap : each.gaps) values[Measure::kItl].push_back(gap * kMilliseconds);
  }
  const auto rate = [&](int64_t count) {
    return result.seconds > 0 ? static_cast<double>(count) / result.seconds : 0;
  };
  summary.request_throughput = rate(summary.completed);
  if (!goodput.empty()) summary.request_goodput = rate(good);
  summary.output_throughput = rate(summary.output_tokens);
  summary.total_throughput = rate(summary.input_tokens + summary.output_tokens);
  summary.peak_output_tokens_per_second = peak_per_second(result.outcomes);
  for (const Measure measure : kMeasures) {
    summary.measures[measure] = distribution(std::move(values[measure]), percents);
  }
  return summary;
}

}  // namespace spyre::loadtest
