// A listener for the asynchronous engine: keeps what it is told, and lets another thread wait for
// the end.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>

#include "engine/engine_fixture.h"

namespace spyre::engine::testing {

class AsyncRecorder final : public Listener {
 public:
  // Called on the engine's thread after each delta, before anyone is woken.
  std::function<void()> after_delta = [] {};

  void on_prompt(RequestId id, std::span<const TokenOutput> prompt_logprobs) override {
    const std::lock_guard lock(mutex_);
    recorder_.on_prompt(id, prompt_logprobs);
  }
  void on_delta(RequestId id, const Delta& delta) override {
    {
      const std::lock_guard lock(mutex_);
      recorder_.on_delta(id, delta);
      ++deltas_;
    }
    after_delta();
    changed_.notify_all();
  }
  void on_finished(RequestId id, RequestOutput output) override {
    const std::lock_guard lock(mutex_);
    recorder_.on_finished(id, std::move(output));
    changed_.notify_all();
  }

  // Waits for so many deltas, or the end.
  void wait_for_deltas(int64_t deltas) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return deltas_ >= deltas || !recorder_.finished.empty(); });
  }
  // The outcome, once it is there; ended once exactly.
  Outcome wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !recorder_.finished.empty(); });
    EXPECT_EQ(recorder_.finished.size(), 1u);
    EXPECT_EQ(recorder_.outcomes.size(), 1u);
    return recorder_.outcomes.begin()->second;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Recorder recorder_;
  int64_t deltas_ = 0;
};

}  // namespace spyre::engine::testing
