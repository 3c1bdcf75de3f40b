// What takes memory, part by part, each with how its number came about: the table that every plan
// prints. Knows nothing of what the parts are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"

namespace spyre::plan {

struct Part {
  std::string name;
  int64_t bytes = 0;
  std::string how;  // "24 blocks of 64 tokens, F16"
};

// kDecimal: MB and GB, as for files. kBinary: GiB, as a card's limits are stated.
enum class Units { kDecimal, kBinary };

std::string text(int64_t bytes, Units units);

int64_t total_bytes(std::span<const Part> parts);

// One line a part and one for their sum, each ended by a newline.
std::string table(std::span<const Part> parts, Units units);

// [{"name": ..., "bytes": ..., "how": ...}, ...]
Json to_json(std::span<const Part> parts);

}  // namespace spyre::plan
