// The run for people and for scripts: the report with the labels that scripts search for, and the
// JSON result with the keys that dashboards read, both vLLM's.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "loadtest/summary.h"

namespace spyre::loadtest {

// How the run was asked for, as the report and the result repeat it.
struct RunFacts {
  std::string date;  // "20261125-134500"
  std::string backend = "openai";
  bool generates = true;  // else nothing is said of generated tokens, and e2el is the only measure
  std::string label;      // empty: null
  std::string model;
  std::string tokenizer;  // empty: that of the model
  int64_t num_prompts = 0;
  std::optional<double> request_rate = {};  // none: "inf"
  double burstiness = 1;
  std::optional<int64_t> max_concurrency = {};
  std::vector<std::pair<std::string, std::string>> metadata = {};
};

std::string report(const RunFacts& facts, const Summary& summary,
                   const std::vector<Measure>& measures);

// detailed: with a list per measure, an entry per request.
Json result_json(const RunFacts& facts, const Summary& summary, const LoadResult& result,
                 bool detailed);

// The name of the result's file unless one is given: label or backend, rate, concurrency, model,
// date.
std::string result_file_name(const RunFacts& facts);

}  // namespace spyre::loadtest
