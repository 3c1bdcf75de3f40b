// The engine behind a server: one thread that owns the generator, fed over a bounded queue. Any
// thread may submit, abort and ask; answers come to each request's Listener on the engine's thread.
//
// Its life: starting (the caller loads and warms up), ready, draining (no new requests, running
// ones finish), stopped; or dead, when a step failed in a way that no single request is to blame
// for: all requests end with that error and nothing runs any more.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "engine/generator.h"
#include "engine/listener.h"
#include "engine/observer.h"

namespace spyre::engine {

struct AsyncEngineOptions {
  int64_t max_queued_requests = 0;                          // waiting ones, beyond those that run
  std::optional<int64_t> max_queued_tokens = std::nullopt;  // prompt tokens of the waiting ones
};

enum class EngineState { kReady, kDraining, kStopped, kDead };

class AsyncEngine {
 public:
  // Takes the generator, which no one may touch from now on. observer is borrowed, may be null.
  // on_dead is called on the engine's thread when it dies.
  static Result<std::unique_ptr<AsyncEngine>> start(std::unique_ptr<Generator> generator,
                                                    const AsyncEngineOptions& options,
                                                    Observer* observer,
                                                    std::function<void(const Error&)> on_dead);
  virtual ~AsyncEngine() = default;

  // Queues a request. Its listener is called until on_finished and then let go. Errors, at once and
  // without a call of the listener: kInvalidArgument (the request cannot run: the scheduler's or
  // the sampler's words), kResourceExhausted (the queue is full; which limit is in the message),
  // kUnavailable (draining, stopped or dead).
  virtual Result<RequestId> submit(Request request, std::shared_ptr<Listener> listener) = 0;
  // Ends a request before the next step; its on_finished still comes. Unknown ids are ignored.
  virtual void abort(RequestId id) = 0;

  // The longest answer that such a prompt may get (Scheduler::most_new_tokens).
  virtual int64_t most_new_tokens(int64_t prompt_tokens) const = 0;

  virtual EngineState state() const = 0;
  virtual int64_t num_unfinished() const = 0;  // queued and running requests
  virtual int64_t num_waiting() const = 0;

  // Takes no new requests; true when the running ones ended within `wait`. May be called from any
  // thread, more than once.
  virtual bool drain(std::chrono::milliseconds wait) = 0;
  // Aborts what is left and joins the thread.
  virtual void stop() = 0;
};

}  // namespace spyre::engine
