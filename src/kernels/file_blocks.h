// What a row of GGUF's integer formats means, 32 columns at a time. Knows the file layouts
// (ggml's block_q* structures) and nothing of panels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/format.h"

namespace spyre::kernels {

// 32 weights of a row as the file has them, levels unsigned (Q8_0: plus 128).
//   Q*_0: scale * (level - zero)             Q*_1: scale * level + min
//   Q4_K, Q5_K: scale * sub[0] * level - min * sub[1], sub unsigned
//   Q6_K: scale * sub[column / 16] * (level - 32), sub signed
struct FileBlock {
  std::array<uint8_t, 32> levels{};
  uint16_t scale = 0;  // f16 bits
  uint16_t min = 0;    // f16 bits
  std::array<uint8_t, 2> sub{};
};

// block: index of the 32 columns in the row. row: info(format) bytes per block_elements.
FileBlock read_file_block(Format format, const std::byte* row, int64_t block);

}  // namespace spyre::kernels
