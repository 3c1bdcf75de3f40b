// The scratch memory of sampling: one per thread that samples, sized for one vocabulary, reused by
// every sequence. Holds nothing between calls.
#pragma once

#include <cstdint>
#include <span>

#include "base/aligned_buffer.h"
#include "base/result.h"
#include "sample/candidates.h"

namespace spyre::sample {

class Workspace {
 public:
  // kInvalidArgument: vocab_size below 1; kResourceExhausted: no memory.
  static Result<Workspace> create(int64_t vocab_size);

  size_t vocab_size() const { return vocab_size_; }
  // The row that edits and penalties change: [vocab_size].
  std::span<float> logits() { return logits_.as<float>().first(vocab_size_); }
  // [vocab_size].
  std::span<Candidate> candidates() { return candidates_.as<Candidate>().first(vocab_size_); }
  // Weights of kBlockTokens tokens each: [vocab_size / kBlockTokens, rounded up].
  std::span<float> block_weights() { return block_weights_.as<float>(); }

 private:
  Workspace() = default;

  size_t vocab_size_ = 0;
  AlignedBuffer logits_;
  AlignedBuffer candidates_;
  AlignedBuffer block_weights_;
};

}  // namespace spyre::sample
