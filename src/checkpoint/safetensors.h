// The header of a safetensors file: eight bytes of length, then JSON that maps names to dtype,
// shape and byte range. Everything is checked before a tensor is handed out: the header lies in the
// file, ranges lie in the data, fit shape times dtype, and do not overlap; names are unique.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace spyre::checkpoint {

enum class SafetensorsType { kF32, kF16, kBF16, kI32, kI64, kOther };

struct SafetensorsEntry {
  SafetensorsType type = SafetensorsType::kOther;
  std::string type_name;            // as written, for messages
  std::vector<int64_t> shape;       // outermost first; empty: a scalar
  std::span<const std::byte> data;  // borrowed from the file's bytes
};

using SafetensorsIndex = std::map<std::string, SafetensorsEntry, std::less<>>;

// file: the whole file. source: its name, for messages. kDataLoss says what is wrong where.
Result<SafetensorsIndex> parse_safetensors(std::span<const std::byte> file,
                                           std::string_view source);

}  // namespace spyre::checkpoint
