// What every handler passes before it looks at its request: is there a model yet, is the body JSON.
// The work itself runs on a worker thread, so that no tokenizer holds up the I/O thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/json.h"
#include "serve/http/exchange.h"
#include "serve/lifecycle.h"
#include "serve/openai/api_error.h"
#include "serve/openai/service.h"

namespace spyre::serve::openai {

// What routes share. References are borrowed and outlive the server.
struct Frontend {
  const Lifecycle& lifecycle;
  std::function<const Service*()> service;              // null until there is one; then it stays
  std::function<void(std::function<void()>)> executor;  // runs a task soon, on a worker thread
  std::atomic<int64_t>& in_flight;                      // generation requests not yet answered
  std::string version;
  bool documents = true;        // /openapi.json and /docs
  bool tokenizer_info = false;  // /tokenizer_info
};

// Counts a request as in flight while it lives.
class InFlight {
 public:
  explicit InFlight(std::atomic<int64_t>& count) : count_(count) { ++count_; }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() { --count_; }

 private:
  std::atomic<int64_t>& count_;
};

// A request on its way through a handler.
struct Visit {
  std::shared_ptr<http::Exchange> exchange;
  const Service& service;
  std::function<void(std::function<void()>)> executor;
  std::shared_ptr<InFlight> in_flight;  // null where it is not counted
};

// Runs `work` on a worker thread once the model is ready, and answers with its error if it has one;
// otherwise `work` has answered, or will. counted: it is a generation request. Before the model is
// ready, and while the server drains: 503 with the phase and Retry-After.
http::Handler gated(const Frontend& frontend, bool counted, ApiStatus (*work)(const Visit& visit));

// The body as a JSON object. Errors: bad_type for another media type, no JSON, no object.
ApiResult<Json> parse_body(const http::Request& request);

// Whether the request's `model` is served here; 404 names those that are. Empty: the first.
ApiStatus check_model(const Service& service, const std::string& model);

}  // namespace spyre::serve::openai
