// The load itself: prompts go to a server when their time has come, over kept connections, at most
// so many at once. One thread, the caller's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "loadtest/api.h"
#include "loadtest/arrivals.h"
#include "loadtest/dataset.h"
#include "loadtest/outcome.h"
#include "loadtest/url.h"

namespace spyre::loadtest {

struct Target {
  Url url;
  std::string endpoint = "/v1/completions";                       // behind url.path
  std::vector<std::pair<std::string, std::string>> headers = {};  // with every request
  double timeout_seconds = 6 * 3600;                              // of one answer
};

struct LoadOptions {
  Target target;
  RequestFields fields;
  ArrivalOptions arrivals;
  std::optional<int64_t> max_concurrency = {};
};

struct LoadResult {
  std::vector<Outcome> outcomes;  // in the order of the prompts; fewer when stopped
  double seconds = 0;             // from the first request's turn to the last answer
  int64_t peak_concurrency = 0;   // requests that were under way at the same time
};

// on_done: after each answer, with how many there are. stop: asked often; true ends the run.
// kUnavailable: the host's name means nothing.
Result<LoadResult> run_load(const LoadOptions& options, const std::vector<Prompt>& prompts,
                            const std::function<void(int64_t done)>& on_done,
                            const std::function<bool()>& stop);

// One request of any kind, outside of the load. kUnavailable: no answer; kIo: not a 200, with the
// status and the beginning of the body. body: empty for GET.
Result<std::string> ask_once(const Target& target, const std::string& endpoint,
                             const std::string& body);

// One request to target.endpoint whose answer is wanted as it comes; on_body: gets the body of a
// 200, in pieces. stop: asked often; true ends it. Errors: those of ask_once(); kCancelled by stop.
Status ask_streaming(const Target& target, const std::string& body,
                     const std::function<void(std::string_view)>& on_body,
                     const std::function<bool()>& stop);

// Waits until GET `endpoint` answers 200. kDeadlineExceeded, with the last failure; kCancelled by
// stop.
Status wait_until_ready(const Target& target, const std::string& endpoint, double seconds,
                        const std::function<bool()>& stop);

}  // namespace spyre::loadtest
