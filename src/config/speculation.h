// What --speculative-config says: an object with vLLM's keys, of which prompt lookup needs four.
// How drafts are made and when is the engine's matter.
#pragma once

#include <cstdint>
#include <optional>

#include "config/settings.h"

namespace spyre::config {

struct SpeculativeConfig {
  int64_t num_speculative_tokens = 4;
  int64_t prompt_lookup_max = 4;
  int64_t prompt_lookup_min = 2;

  bool operator==(const SpeculativeConfig&) const = default;
};

// Nothing when the setting is not given. kInvalidArgument: another method than ngram, an unknown
// key, a number out of range, or a prompt_lookup_min above prompt_lookup_max; names what was wanted
// and found. Given alone, either of the two takes the other's default along where it must.
Result<std::optional<SpeculativeConfig>> speculative_config(const Settings& settings);

}  // namespace spyre::config
