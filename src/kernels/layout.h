// The two private layouts of this room, as data: how a panel of 16 weight rows lies in memory, and
// how a row of int8 activations does. Packing writes them, the tiers read them; nobody else looks.
//
// F32, F16: column after column, 16 values each (one per row), in the file's own type. BF16: a
// 64-byte line for two columns; bytes 4r..4r+3 belong to row r, the first column in the low half. A
// last column without a partner has a zero.
//
// Integer formats: one record per block of 32 columns (512 weights), in the order of the columns,
// so that a thread reads one sequential stream:
//   quads    64-byte lines; bytes 4r..4r+3 of a line belong to row r. Eight bits: line j holds
//            columns 4j..4j+3 as unsigned levels. Fewer bits: line j (of 4) holds the low nibbles
//            of columns 4j.. in its low half and those of columns 16+4j.. in its high half.
//   planes   bit 4 of the levels (5 bits: one line; bit j of a byte belongs to columns 4j..), or
//            bits 4 and 5 (6 bits: two lines; line i, bits 2j and 2j+1: columns 16i+4j..).
//   scales   16 rows each: f16 scale [f16 min]; K formats: two bytes per row, one array of 16 after
//            the other (Q4_K, Q5_K: scale, min; Q6_K: scales of the first and last 16 columns).
// Before the first block of a superblock or group stands a header of 16 rows each: Q4_K, Q5_K f16
// d, f16 dmin; Q6_K f16 d; grouped: f16 scale, i16 zero point.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/format.h"
#include "kernels/kernels.h"

namespace spyre::kernels {

inline constexpr int64_t kLineBytes = 64;
inline constexpr int64_t kHalvesBytes = 32;  // an array of 16 values of two bytes

struct PackedLayout {
  int bits;           // of a level: 4, 5, 6, 8; 0 for float formats
  int plane_bytes;    // per block
  int scale_bytes;    // per block
  int header_bytes;   // per header; 0 when the format has none
  int header_blocks;  // blocks a header serves; 0: group_columns / 32, or all when there is none
  int zero;           // level that stands for 0, where it is the same for the whole format
  bool has_min;

  constexpr int quad_bytes() const { return bits == 8 ? 8 * kLineBytes : 4 * kLineBytes; }
  constexpr int block_bytes() const { return quad_bytes() + plane_bytes + scale_bytes; }
};

constexpr PackedLayout packed_layout(Format format) {
  switch (format) {
    case Format::kQ4_0:
      return {4, 0, 32, 0, 0, 8, false};
    case Format::kQ4_1:
      return {4, 0, 64, 0, 0, 0, true};
    case Format::kQ5_0:
      return {5, 64, 32, 0, 0, 16, false};
    case Format::kQ5_1:
      return {5, 64, 64, 0, 0, 0, true};
    case Format::kQ8_0:
      return {8, 0, 32, 0, 0, 128, false};
    case Format::kQ4_K:
      return {4, 0, 32, 64, 8, 0, true};
    case Format::kQ5_K:
      return {5, 64, 32, 64, 8, 0, true};
    case Format::kQ6_K:
      return {6, 128, 32, 32, 8, 32, false};
    case Format::kGrouped4:
      return {4, 0, 0, 64, 0, 0, false};
    case Format::kGrouped8:
      return {8, 0, 0, 64, 0, 0, false};
    default:
      return {};
  }
}

// 32 activations: value[k] = scale * q[k]. A row of columns is columns / 32 of these, rounded up.
struct QuantizedBlock {
  int8_t q[kQuantBlock];
  float scale;
  int16_t half_sums[2];  // of q[0..15] and q[16..31]: what removes zero points
  float scaled_sum;      // scale * float(sum of q): what multiplies mins
};
static_assert(sizeof(QuantizedBlock) == 44);

}  // namespace spyre::kernels
