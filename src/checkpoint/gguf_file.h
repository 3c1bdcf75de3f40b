// One GGUF file, version 2 or 3: typed metadata, then tensor records, then aligned tensor data.
// Everything is checked before a tensor is handed out: counts against the bytes that are left,
// types, ranges inside the file, alignment, no overlap, unique names. Knows nothing of models or of
// splits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/format.h"
#include "base/json.h"
#include "base/result.h"

namespace spyre::checkpoint {

struct GgufTensor {
  Format format = Format::kF32;
  std::vector<int64_t> shape;       // outermost first (the file has it the other way round)
  std::span<const std::byte> data;  // borrowed from the file's bytes
};

using GgufTensors = std::map<std::string, GgufTensor, std::less<>>;

struct GgufFile {
  // Key to value in file order; arrays are JSON arrays, f32 values the equal doubles. Texts are
  // valid UTF-8.
  Json metadata = Json::object();
  GgufTensors tensors;
};

// file: the whole file. source: its name, for messages. kDataLoss says what is wrong where;
// kUnsupported: a version, byte order or tensor type that is not read.
Result<GgufFile> parse_gguf(std::span<const std::byte> file, std::string_view source);

}  // namespace spyre::checkpoint
