#include "loadtest/whole_answer.h"

#include <fmt/format.h>

#include "base/json.h"

namespace spyre::loadtest {

namespace {

constexpr size_t kErrorBytes = 300;  // of a body, in a message

bool has_results(const Json& answer) {
  for (const char* name : {"data", "results"}) {
    const auto list = answer.find(name);
    if (list != answer.end() && list->is_array() && !list->empty()) return true;
  }
  return false;
}

int64_t prompt_tokens(const Json& answer) {
  const auto usage = answer.find("usage");
  if (usage == answer.end() || !usage->is_object()) return 0;
  // A reranker of another kind counts only the total.
  for (const char* name : {"prompt_tokens", "total_tokens"}) {
    const auto count = usage->find(name);
    if (count != usage->end() && count->is_number_integer()) return count->get<int64_t>();
  }
  return 0;
}

}  // namespace

Outcome read_whole_answer(int status, std::string_view body, std::string_view failure,
                          double seconds) {
  Outcome outcome{.first_token = seconds, .latency = seconds};
  if (!failure.empty()) {
    outcome.error = failure;
  } else if (status != 200) {
    outcome.error = fmt::format("HTTP {}: {}", status, body.substr(0, kErrorBytes));
  } else if (const auto answer = parse_json(body, "answer"); !answer || !answer->is_object()) {
    outcome.error = "the answer is no JSON object";
  } else if (!has_results(*answer)) {
    outcome.error = "the answer has no data and no results";
  } else {
    outcome.input_tokens = prompt_tokens(*answer);
    outcome.ok = true;
  }
  return outcome;
}

}  // namespace spyre::loadtest
