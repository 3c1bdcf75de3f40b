// A warmup shape of static batching: what one compiled batch holds. Users write it as the three
// lists VLLM_SPYRE_WARMUP_PROMPT_LENS, _NEW_TOKENS and _BATCH_SIZES.
#pragma once

#include <cstdint>

namespace spyre::schedule {

inline constexpr int64_t kBlockTokens = 64;  // of the KV cache, in every mode

struct Shape {
  int64_t prompt_tokens = 0;  // a multiple of kBlockTokens; prompts are left-padded to it
  int64_t new_tokens = 0;     // longest answer
  int64_t batch_size = 0;     // sequences

  int64_t total_tokens() const { return prompt_tokens + new_tokens; }
  // KV blocks of a full batch of this shape.
  int64_t blocks() const {
    return batch_size * ((total_tokens() + kBlockTokens - 1) / kBlockTokens);
  }
  bool operator==(const Shape&) const = default;
};

}  // namespace spyre::schedule
