// Reads packed integer weights (layout.h) block by block: 32 columns of as many rows as the vector
// has lanes, levels unpacked to bytes, scales to floats.
#pragma once

#include "kernels/layout.h"
#include "kernels/matmul_tiles.h"

namespace spyre::kernels {
namespace {

template <typename V, Format kFormat>
struct WeightBlock {
  using F = typename V::F;
  using I = typename V::I;
  static constexpr PackedLayout kLayout = packed_layout(kFormat);
  static constexpr int kBits = kLayout.bits;
  static constexpr int kQuadBytes = kLayout.quad_bytes();
  static constexpr int kBlockBytes = kLayout.block_bytes();
  static constexpr bool kGrouped = kFormat >= Format::kGrouped4;
  static constexpr bool kSixK = kFormat == Format::kQ6_K;
  // What dot() has not subtracted yet of the zero level.
  static constexpr int kDotOffset = kBits == 8 ? V::kWideOffset : 0;
  static constexpr bool kHasZero = kGrouped || kSixK || kLayout.zero != 0;

  F scale;  // of the integer sum
  F min;    // added scale-free: multiplies the inputs' sum
  F header_scale;
  F header_min;
  I zero;    // minus the zero level, twice 16 bits: one per half of the columns
  I sub[2];  // Q6_K: integer scales of the halves
  I header_zero;
  I quads[8];  // byte c of a lane: level of column 4 * quad + c

  // lane: first row of the panel that this vector holds.
  void read_header(const std::byte* at, int64_t lane) {
    header_scale = V::load_f16(at + 2 * lane);
    const std::byte* second = at + kHalvesBytes + 2 * lane;
    if constexpr (kLayout.has_min) header_min = V::load_f16(second);
    if constexpr (kGrouped) header_zero = V::load_i16(second);
  }

  void read(const std::byte* at, int64_t lane) {
    read_levels(at + 4 * lane);
    read_scales(at + kQuadBytes + kLayout.plane_bytes, lane);
  }

 private:
  void read_levels(const std::byte* at) {
    if constexpr (kBits == 8) {
#pragma GCC unroll 8
      for (int64_t i = 0; i < 8; ++i) quads[i] = V::load_int(at + i * kLineBytes);
    } else {
      const I nibble = V::int1(0x0f0f0f0f);
#pragma GCC unroll 4
      for (int64_t i = 0; i < 4; ++i) {
        const I both = V::load_int(at + i * kLineBytes);
        quads[i] = V::bit_and(both, nibble);
        quads[i + 4] = V::bit_and(V::template shift_right<4>(both), nibble);
      }
      if constexpr (kBits == 5) add_fifth_bits(V::load_int(at + kQuadBytes));
      if constexpr (kBits == 6) add_high_pairs(at + kQuadBytes);
    }
  }

  // Moves bits kFrom.. of each byte to bit 4.., keeps mask, merges. Bits that cross into the next
  // byte fall outside the mask.
  template <int kFrom>
  static I merged(I level, I plane, I mask) {
    if constexpr (kFrom <= 4) {
      return V::bit_or(level, V::bit_and(V::template shift_left<4 - kFrom>(plane), mask));
    } else {
      return V::bit_or(level, V::bit_and(V::template shift_right<kFrom - 4>(plane), mask));
    }
  }

  void add_fifth_bits(I plane) {
    const I mask = V::int1(0x10101010);
    quads[0] = merged<0>(quads[0], plane, mask);
    quads[1] = merged<1>(quads[1], plane, mask);
    quads[2] = merged<2>(quads[2], plane, mask);
    quads[3] = merged<3>(quads[3], plane, mask);
    quads[4] = merged<4>(quads[4], plane, mask);
    quads[5] = merged<5>(quads[5], plane, mask);
    quads[6] = merged<6>(quads[6], plane, mask);
    quads[7] = merged<7>(quads[7], plane, mask);
  }

  void add_high_pairs(const std::byte* planes) {
    const I mask = V::int1(0x30303030);
#pragma GCC unroll 2
    for (int64_t i = 0; i < 2; ++i) {
      const I plane = V::load_int(planes + i * kLineBytes);
      I* four = quads + 4 * i;
      four[0] = merged<0>(four[0], plane, mask);
      four[1] = merged<2>(four[1], plane, mask);
      four[2] = merged<4>(four[2], plane, mask);
      four[3] = merged<6>(four[3], plane, mask);
    }
  }

  // Both halves of a lane: value, value.
  static I twice16(I value) {
    return V::bit_or(V::bit_and(value, V::int1(0xffff)), V::template shift_left<16>(value));
  }

  void read_scales(const std::byte* at, int64_t lane) {
    if constexpr (kGrouped) {
      scale = header_scale;
      zero = twice16(V::sub(V::int1(kDotOffset), header_zero));
    } else if constexpr (kSixK) {
      scale = header_scale;
      sub[0] = V::load_i8(at + lane);
      sub[1] = V::load_i8(at + kPanelRows + lane);
      const I first = V::mul(sub[0], V::int1(-kLayout.zero));
      const I second = V::mul(sub[1], V::int1(-kLayout.zero));
      zero = V::bit_or(V::bit_and(first, V::int1(0xffff)), V::template shift_left<16>(second));
    } else if constexpr (kLayout.header_bytes > 0) {
      scale = V::mul(header_scale, V::to_float(V::load_u8(at + lane)));
      const F down = V::mul(header_min, V::to_float(V::load_u8(at + kPanelRows + lane)));
      min = V::sub(V::set1(-0.0f), down);
    } else {
      scale = V::load_f16(at + 2 * lane);
      if constexpr (kLayout.has_min) min = V::load_f16(at + kHalvesBytes + 2 * lane);
      zero = twice16(V::int1(kDotOffset - kLayout.zero));
    }
  }
};

template <typename V, Format kFormat>
int64_t integer_panel_bytes(const PackedMatrix& weights) {
  constexpr PackedLayout kLayout = WeightBlock<V, kFormat>::kLayout;
  const int64_t blocks = weights.columns / kQuantBlock;
  int64_t headers = 0;
  if constexpr (WeightBlock<V, kFormat>::kGrouped) {
    headers = weights.columns / weights.group_columns;
  } else if constexpr (kLayout.header_bytes > 0) {
    headers = blocks / kLayout.header_blocks;
  }
  return blocks * WeightBlock<V, kFormat>::kBlockBytes + headers * kLayout.header_bytes;
}

// body(block, index) for every block of a panel, columns ascending. prefetch: prefetch_weights().
template <typename V, Format kFormat, typename Body>
[[gnu::always_inline]] inline void for_blocks(const PackedMatrix& weights, const std::byte* panel,
                                              int64_t lane, int64_t prefetch, Body body) {
  using Block = WeightBlock<V, kFormat>;
  constexpr PackedLayout kLayout = Block::kLayout;
  const int64_t blocks = weights.columns / kQuantBlock;
  int64_t per_header = blocks;
  if (kLayout.header_bytes > 0) {
    per_header = Block::kGrouped ? weights.group_columns / kQuantBlock : kLayout.header_blocks;
  }
  Block block;
  for (int64_t b = 0; b < blocks;) {
    if constexpr (kLayout.header_bytes > 0) {
      block.read_header(panel, lane);
      panel += kLayout.header_bytes;
    }
    for (const int64_t end = b + per_header; b < end; ++b) {
      prefetch_weights(panel, prefetch, Block::kBlockBytes);
      block.read(panel, lane);
      body(block, b);
      panel += Block::kBlockBytes;
    }
  }
}

}  // namespace
}  // namespace spyre::kernels
