// The input of a replay: requests with the step at which they arrive, one JSON object a line. Any
// bytes give a list of requests or the wrong line. docs/step_trace.md describes the fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace spyre::engine {

struct TraceRequest {
  size_t line = 0;  // from 1
  std::string id = {};
  int64_t arrival_step = 0;
  int64_t prompt_tokens = 0;
  std::vector<int32_t> prompt = {};  // empty: only their number was given
  std::optional<int64_t> max_tokens = {};
  int32_t n = 1;
  Json fields = Json::object();  // the others, of sampling: not looked at here; n is among them
};

inline constexpr int64_t kMostArrivalStep = 1'000'000;  // each step before it is a line of output

// In the order of arrival, equal ones as they were given; blank lines are skipped.
// kInvalidArgument names the line and the field.
Result<std::vector<TraceRequest>> parse_trace(std::string_view text);

}  // namespace spyre::engine
