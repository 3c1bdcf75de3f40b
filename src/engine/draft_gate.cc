#include "engine/draft_gate.h"

#include <algorithm>
#include <cmath>

namespace spyre::engine {

int64_t DraftGate::longest_draft(int64_t draft_tokens) {
  if (pause_left_ > 0) {
    --pause_left_;
    return 0;
  }
  return static_cast<int64_t>(std::ceil(acceptance_ * static_cast<double>(draft_tokens)));
}

void DraftGate::count(int64_t drafted, int64_t accepted, int64_t sequences) {
  const double share = static_cast<double>(accepted) / static_cast<double>(drafted);
  acceptance_ += kNewest * (share - acceptance_);
  if (acceptance_ >= worthwhile_acceptance(sequences)) {
    next_pause_ = kShortestPause;
    return;
  }
  pause_left_ = next_pause_ * sequences;
  next_pause_ = std::min(2 * next_pause_, kLongestPause);
}

}  // namespace spyre::engine
