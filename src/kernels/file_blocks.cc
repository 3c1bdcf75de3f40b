#include "kernels/file_blocks.h"

#include <cstring>

#include "base/result.h"

namespace spyre::kernels {

namespace {

constexpr int64_t kColumns = 32;
constexpr int64_t kSuperBlocks = 8;  // blocks of 32 in a K format's block of 256

uint8_t byte_at(const std::byte* bytes, int64_t index) {
  return std::to_integer<uint8_t>(bytes[index]);
}

uint16_t half_at(const std::byte* bytes) {
  uint16_t half;
  std::memcpy(&half, bytes, sizeof(half));
  return half;
}

// Low nibbles of 16 bytes are columns 0..15, high nibbles columns 16..31.
void read_nibbles(const std::byte* qs, FileBlock& block) {
  for (size_t i = 0; i < 16; ++i) {
    const uint8_t both = byte_at(qs, static_cast<int64_t>(i));
    block.levels[i] = both & 15;
    block.levels[i + 16] = both >> 4;
  }
}

void read_fifth_bits(const std::byte* qh, FileBlock& block) {
  for (size_t i = 0; i < kColumns; ++i) {
    const int bit = byte_at(qh, static_cast<int64_t>(i / 8)) >> (i % 8) & 1;
    block.levels[i] = static_cast<uint8_t>(block.levels[i] | bit << 4);
  }
}

// Q4_0, Q4_1, Q5_0, Q5_1: f16 scale, [f16 min], [u32 fifth bits], 16 bytes of nibbles.
FileBlock read_simple(Format format, const std::byte* at) {
  const bool has_min = format == Format::kQ4_1 || format == Format::kQ5_1;
  const bool five_bits = format == Format::kQ5_0 || format == Format::kQ5_1;
  FileBlock block;
  block.scale = half_at(at);
  at += 2;
  if (has_min) {
    block.min = half_at(at);
    at += 2;
  }
  read_nibbles(at + (five_bits ? 4 : 0), block);
  if (five_bits) read_fifth_bits(at, block);
  return block;
}

FileBlock read_q8_0(const std::byte* at) {
  FileBlock block;
  block.scale = half_at(at);
  for (size_t i = 0; i < kColumns; ++i) {
    block.levels[i] = byte_at(at + 2, static_cast<int64_t>(i)) ^ 0x80;
  }
  return block;
}

// The 6-bit scale and min of sub-block j out of the 12 bytes that eight of each share.
std::array<uint8_t, 2> six_bit_pair(const std::byte* s, int64_t j) {
  if (j < 4) {
    return {static_cast<uint8_t>(byte_at(s, j) & 63), static_cast<uint8_t>(byte_at(s, j + 4) & 63)};
  }
  return {static_cast<uint8_t>((byte_at(s, j + 4) & 15) | (byte_at(s, j - 4) >> 6) << 4),
          static_cast<uint8_t>((byte_at(s, j + 4) >> 4) | (byte_at(s, j) >> 6) << 4)};
}

// Q4_K, Q5_K: f16 d, f16 dmin, 12 bytes of scales, [32 bytes of fifth bits], 128 of nibbles: each
// run of 32 bytes holds sub-block 2c in its low and 2c+1 in its high nibbles.
FileBlock read_q4_q5_k(const std::byte* at, int64_t j, bool five_bits) {
  FileBlock block;
  block.scale = half_at(at);
  block.min = half_at(at + 2);
  block.sub = six_bit_pair(at + 4, j);
  const std::byte* fifth = at + 16;
  const std::byte* qs = fifth + (five_bits ? 32 : 0) + j / 2 * kColumns;
  for (size_t i = 0; i < kColumns; ++i) {
    const auto k = static_cast<int64_t>(i);
    int level = byte_at(qs, k) >> (j % 2 * 4) & 15;
    if (five_bits) level |= (byte_at(fifth, k) >> j & 1) << 4;
    block.levels[i] = static_cast<uint8_t>(level);
  }
  return block;
}

// Q6_K: 128 bytes of low nibbles, 64 of high pairs of bits, 16 i8 scales, f16 d.
FileBlock read_q6_k(const std::byte* at, int64_t j) {
  FileBlock block;
  const std::byte* scales = at + 192;
  block.scale = half_at(at + 208);
  block.sub = {byte_at(scales, 2 * j), byte_at(scales, 2 * j + 1)};
  const int64_t half = j / 4;
  const int64_t part = j % 4;
  const std::byte* low = at + half * 64 + part % 2 * kColumns;
  const std::byte* high = at + 128 + half * kColumns;
  for (size_t i = 0; i < kColumns; ++i) {
    const auto k = static_cast<int64_t>(i);
    const int nibble = byte_at(low, k) >> (part / 2 * 4) & 15;
    const int pair = byte_at(high, k) >> (part * 2) & 3;
    block.levels[i] = static_cast<uint8_t>(nibble | pair << 4);
  }
  return block;
}

}  // namespace

FileBlock read_file_block(Format format, const std::byte* row, int64_t block) {
  const int64_t bytes = info(format).block_bytes;
  const std::byte* simple = row + block * bytes;
  const std::byte* super = row + block / kSuperBlocks * bytes;
  const int64_t j = block % kSuperBlocks;
  switch (format) {
    case Format::kQ4_0:
    case Format::kQ4_1:
    case Format::kQ5_0:
    case Format::kQ5_1:
      return read_simple(format, simple);
    case Format::kQ8_0:
      return read_q8_0(simple);
    case Format::kQ4_K:
      return read_q4_q5_k(super, j, false);
    case Format::kQ5_K:
      return read_q4_q5_k(super, j, true);
    case Format::kQ6_K:
      return read_q6_k(super, j);
    default:
      SPYRE_CHECK(!"a format of integer blocks");
  }
  return {};
}

}  // namespace spyre::kernels
