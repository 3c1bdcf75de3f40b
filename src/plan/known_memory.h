// What the known configurations of a model would take of this machine's memory: the catalogue
// speaks of cards, but its limits are limits that somebody found useful.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "plan/known_models.h"
#include "runner/precision.h"

namespace spyre::plan {

// One configuration on one machine, however many cards it is known for: weights and KV cache are
// counted whole.
struct KnownMemory {
  std::string model;
  std::string config;
  int64_t weight_bytes = 0;
  int64_t kv_bytes = 0;
  int64_t total_bytes() const { return weight_bytes + kv_bytes; }
};

// An estimate for each configuration of the models that the model's own length allows. KV blocks
// are those of its longest sequences, at most what its volume limit or its own number of blocks
// leave. Errors: those of weight_bytes().
Result<std::vector<KnownMemory>> known_memory(std::span<const KnownModel* const> models,
                                              const checkpoint::Checkpoint& checkpoint,
                                              const runner::Precision& precision);

// A heading and a line each, which end in a newline; usable_bytes: of the machine.
std::string text(std::span<const KnownMemory> known, int64_t usable_bytes);
Json to_json(std::span<const KnownMemory> known);

}  // namespace spyre::plan
