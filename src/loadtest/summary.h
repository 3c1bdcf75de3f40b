// The run as numbers: what the report prints and the JSON result holds, with the meanings that
// vLLM's `bench serve` gives them. Times in milliseconds, rates per second.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "loadtest/load.h"
#include "loadtest/statistics.h"

namespace spyre::loadtest {

// ttft: until the first token; tpot: (latency - ttft) / (tokens - 1), of answers with two tokens
// and more; itl: between pieces, of all answers together; e2el: until the last token.
enum class Measure { kTtft, kTpot, kItl, kE2el };
inline constexpr Measure kMeasures[] = {Measure::kTtft, Measure::kTpot, Measure::kItl,
                                        Measure::kE2el};
std::string_view name(Measure measure);  // "ttft"

// "ttft,tpot,e2el". kInvalidArgument: another word, or none.
Result<std::vector<Measure>> parse_measures(std::string_view list);

// "99" or "50,99.9". kInvalidArgument: not numbers from 0 to 100.
Result<std::vector<double>> parse_percents(std::string_view list);

// "ttft:200" and the like: the milliseconds within which a request is good.
using Goodput = std::map<Measure, double>;
Result<Goodput> parse_goodput(const std::vector<std::string>& words);

struct Summary {
  int64_t completed = 0;
  int64_t failed = 0;
  double seconds = 0;
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;
  double request_throughput = 0;
  std::optional<double> request_goodput = {};
  double output_throughput = 0;
  double peak_output_tokens_per_second = 0;  // pieces in the fullest second of the run
  int64_t peak_concurrency = 0;
  double total_throughput = 0;
  std::vector<double> percents = {};
  std::map<Measure, Distribution> measures = {};  // of all four
};

Summary summarize(const LoadResult& result, const std::vector<double>& percents,
                  const Goodput& goodput);

}  // namespace spyre::loadtest
