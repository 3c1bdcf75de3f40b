// The shapes of static batching as the three VLLM_SPYRE_WARMUP_* lists spell them. Which shape a
// request gets is the scheduler's matter; planning shapes when no list is set is the runner's.
#pragma once

#include <cstdint>
#include <vector>

#include "config/settings.h"

namespace spyre::config {

struct WarmupShape {
  int64_t prompt_tokens;  // a multiple of 64; prompts are padded to it
  int64_t new_tokens;     // longest answer; 0 for pooling models
  int64_t batch_size;     // requests

  bool operator==(const WarmupShape&) const = default;
};

enum class ModelUse : uint8_t { kGenerate, kPooling };

// The lists zipped by index and sorted by (batch_size, prompt_tokens), equal ones in their order.
// Empty when no list is set: shapes are to be planned. With one set the others have their defaults
// 64, 20, 1. Pooling models have no new tokens: that list is not looked at.
// kInvalidArgument: lists of unequal length; on the sendnn backends new tokens below 3 (a limit of
// the card).
Result<std::vector<WarmupShape>> warmup_shapes(const Settings& settings, ModelUse use);

}  // namespace spyre::config
