// What a family needs of a ModelConfig before its graph can be built. Checkpoint readers check what
// a file says; this checks what the normalised struct says, whoever made it, so that building
// itself cannot fail and no product of sizes overflows.
#pragma once

#include "checkpoint/model_config.h"
#include "model/model.h"

namespace spyre::model {

// Whether a family's graphs end in Pooling's vectors instead of logits.
enum class Pools : uint8_t { kNever, kCan, kAlways };

// What tells families apart here.
struct FamilyNeeds {
  bool rotary = true;      // rope fields; else a table of max_positions learned positions
  bool experts = false;    // num_experts, experts_per_token
  bool fused_mha = false;  // one matrix for q, k, v, as wide as hidden: one KV head, or one a head
  Pools pooling = Pools::kNever;
  bool buckets = false;  // relative_position_buckets
};

// kInvalidArgument names the field of the config (or of the shape), what was wanted and found.
Status validate(const checkpoint::ModelConfig& config, const FamilyNeeds& needs,
                int64_t max_model_len);
Status validate(const StepShape& shape);

}  // namespace spyre::model
