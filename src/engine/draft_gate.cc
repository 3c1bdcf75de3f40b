#include "engine/draft_gate.h"

#include <algorithm>

namespace spyre::engine {

bool DraftGate::open() {
  if (pause_left_ == 0) return true;
  --pause_left_;
  return false;
}

void DraftGate::count(int64_t drafted, int64_t accepted, double worthwhile) {
  const double share = static_cast<double>(accepted) / static_cast<double>(drafted);
  acceptance_ += kNewest * (share - acceptance_);
  if (acceptance_ >= worthwhile) {
    next_pause_ = kShortestPause;
    return;
  }
  pause_left_ = next_pause_;
  next_pause_ = std::min(2 * next_pause_, kLongestPause);
}

}  // namespace spyre::engine
