#include "serve/lifecycle.h"

#include <utility>

namespace spyre::serve {

std::string_view name(Phase phase) {
  switch (phase) {
    case Phase::kLoading:
      return "loading";
    case Phase::kCompiling:
      return "compiling";
    case Phase::kWarmingUp:
      return "warming up";
    case Phase::kReady:
      return "ready";
    case Phase::kDraining:
      return "draining";
    case Phase::kStopped:
      return "stopped";
    case Phase::kDead:
      return "dead";
  }
  return "";
}

void Lifecycle::enter(Phase phase) {
  const std::lock_guard lock(mutex_);
  if (state_.phase == Phase::kDead) return;
  state_ = {.phase = phase};
  phase_start_ = Clock::now();
}

void Lifecycle::progress(int64_t done, int64_t total) {
  const std::lock_guard lock(mutex_);
  state_.done = done;
  state_.total = total;
}

void Lifecycle::die(std::string message) {
  const std::lock_guard lock(mutex_);
  state_ = {.phase = Phase::kDead, .message = std::move(message)};
}

LifecycleState Lifecycle::state() const {
  const std::lock_guard lock(mutex_);
  LifecycleState state = state_;
  if (state.done > 0 && state.total >= state.done) {
    const std::chrono::duration<double> spent = Clock::now() - phase_start_;
    state.eta_seconds = spent.count() / static_cast<double>(state.done) *
                        static_cast<double>(state.total - state.done);
  }
  return state;
}

bool Lifecycle::accepts_inference() const { return state().phase == Phase::kReady; }

}  // namespace spyre::serve
