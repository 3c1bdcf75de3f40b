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
#include <optional>

#include "engine/generator.h"
#include "engine/listener.h"
#include "engine/observer.h"

namespace spyre::engine {

struct AsyncEngineOptions {
  // Requests that may wait, those that run not counted. An engine without any request takes one
  // whatever the limits.
  int64_t max_queued_requests = 0;
  std::optional<int64_t> max_queued_tokens = std::nullopt;  // prompt tokens of the waiting ones
  // Called first on the engine's thread, which is the compute pool's caller: binds it to its CPU.
  std::function<void()> on_thread_start = {};
};

enum class EngineState { kReady, kDraining, kStopped, kDead };

class AsyncEngine {
 public:
  // Takes the generator, which no one may touch from now on. observer is borrowed, may be null.
  // on_dead (may be empty) is called on the engine's thread when it dies, after the last
  // on_finished; it must not destroy or stop the engine. kResourceExhausted: no thread.
  static Result<std::unique_ptr<AsyncEngine>> start(std::unique_ptr<Generator> generator,
                                                    const AsyncEngineOptions& options,
                                                    Observer* observer,
                                                    std::function<void(const Error&)> on_dead);
  virtual ~AsyncEngine() = default;

  // Queues a request. Its listener is called until on_finished and then let go; one that throws has
  // its request aborted. A request of more choices than can run at once runs in parts, which its
  // listener does not notice: the choices are those that one run would give (with a seed).
  // Errors, at once and without a call of the listener: kInvalidArgument (the request cannot run:
  // the scheduler's or the sampler's words), kResourceExhausted (the queue is full; the message
  // names max_num_queued_reqs or max_num_queued_tokens), kUnavailable (draining, stopped or dead).
  virtual Result<RequestId> submit(Request request, std::shared_ptr<Listener> listener) = 0;
  // Ends a request before the next step; its on_finished still comes. Unknown ids are ignored.
  virtual void abort(RequestId id) = 0;

  // The longest answer that such a prompt may get (Scheduler::most_new_tokens).
  virtual int64_t most_new_tokens(int64_t prompt_tokens) const = 0;

  virtual EngineState state() const = 0;
  virtual int64_t num_unfinished() const = 0;  // whose on_finished has not returned
  virtual int64_t num_waiting() const = 0;     // of them, those whose first step is yet to come

  // Takes no new requests; true when those that it has ended within `wait`. May be called from any
  // thread but the engine's, more than once.
  virtual bool drain(std::chrono::milliseconds wait) = 0;
  // Aborts what is left and joins the thread. As drain(); the destructor does it, too.
  virtual void stop() = 0;
};

}  // namespace spyre::engine
