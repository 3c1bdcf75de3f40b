// Deltas of one choice put together, for streams that send several tokens a chunk.
#pragma once

#include <string>
#include <vector>

#include "engine/listener.h"

namespace spyre::serve::openai {

class DeltaBatch {
 public:
  // interval: tokens of a chunk, at least 1.
  explicit DeltaBatch(int64_t interval) : interval_(interval) {}

  // Takes a delta; true when a chunk is due: the first and the last never wait.
  bool add(const engine::Delta& delta);
  // All that was added since the last call; valid until the next add().
  engine::Delta take();

 private:
  int64_t interval_;
  bool started_ = false;
  bool taken_ = true;
  engine::Delta last_;
  std::string text_;
  std::vector<int32_t> ids_;
  std::vector<engine::TokenOutput> scores_;
};

}  // namespace spyre::serve::openai
