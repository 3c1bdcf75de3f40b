#include "serve/openai/delta_batch.h"

#include <algorithm>

namespace spyre::serve::openai {

bool DeltaBatch::add(const engine::Delta& delta) {
  if (taken_) {
    text_.clear();
    ids_.clear();
    scores_.clear();
    taken_ = false;
  }
  last_ = delta;
  text_ += delta.text;
  ids_.insert(ids_.end(), delta.token_ids.begin(), delta.token_ids.end());
  scores_.insert(scores_.end(), delta.logprobs.begin(), delta.logprobs.end());
  const bool due = !started_ || delta.finished || std::cmp_greater_equal(ids_.size(), interval_);
  started_ = true;
  return due;
}

engine::Delta DeltaBatch::take() {
  taken_ = true;
  engine::Delta delta = last_;
  delta.text = text_;
  delta.token_ids = ids_;
  delta.logprobs = scores_;
  return delta;
}

}  // namespace spyre::serve::openai
