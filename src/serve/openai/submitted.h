// The requests of one answer inside the engine: who leaves takes all of them with him. Thread-safe.
#pragma once

#include <mutex>
#include <vector>

#include "engine/async_engine.h"

namespace spyre::serve::openai {

class Submitted {
 public:
  explicit Submitted(engine::AsyncEngine& engine) : engine_(engine) {}

  // A request that was submitted after the end is aborted at once.
  void add(engine::RequestId id) {
    {
      const std::scoped_lock lock(mutex_);
      ids_.push_back(id);
      if (!aborted_) return;
    }
    engine_.abort(id);
  }
  void abort() {
    std::vector<engine::RequestId> ids;
    {
      const std::scoped_lock lock(mutex_);
      aborted_ = true;
      ids.swap(ids_);
    }
    for (const engine::RequestId id : ids) engine_.abort(id);
  }
  bool aborted() {
    const std::scoped_lock lock(mutex_);
    return aborted_;
  }

 private:
  engine::AsyncEngine& engine_;
  std::mutex mutex_;  // guards all below
  std::vector<engine::RequestId> ids_;
  bool aborted_ = false;
};

}  // namespace spyre::serve::openai
