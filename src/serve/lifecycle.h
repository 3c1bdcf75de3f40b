// Where the server is in its life, written by whoever moves it on, read by probes, by the gate
// before inference, by the page. Thread-safe.
//
//   loading -> compiling -> warming up -> ready -> draining -> stopped;   from anywhere: dead
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

namespace spyre::serve {

enum class Phase { kLoading, kCompiling, kWarmingUp, kReady, kDraining, kStopped, kDead };
std::string_view name(Phase phase);  // "loading", "compiling", "warming up", ...

struct LifecycleState {
  Phase phase = Phase::kLoading;
  int64_t done = 0;                        // steps of this phase
  int64_t total = 0;                       // 0: not known
  std::optional<double> eta_seconds = {};  // until ready, from the pace of this phase
  std::string message = {};                // why it died
};

class Lifecycle {
 public:
  void enter(Phase phase);
  void progress(int64_t done, int64_t total);
  void die(std::string message);
  LifecycleState state() const;
  bool accepts_inference() const;  // ready

 private:
  using Clock = std::chrono::steady_clock;
  mutable std::mutex mutex_;  // guards all below
  LifecycleState state_;
  Clock::time_point phase_start_ = Clock::now();
};

}  // namespace spyre::serve
