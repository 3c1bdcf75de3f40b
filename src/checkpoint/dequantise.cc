// The reference values of every stored format, in plain f32 arithmetic without fused multiply-add:
// the same bits as the gguf library's. A block holds its scale (and minimum) as f16, then the
// integers; each function below says how they are packed.
#include <cmath>
#include <cstring>

#include "base/half.h"
#include "checkpoint/checkpoint.h"

namespace spyre::checkpoint {

namespace {

const uint8_t* u8(const std::byte* p) { return reinterpret_cast<const uint8_t*>(p); }

float half_at(const std::byte* p) {
  uint16_t bits;
  std::memcpy(&bits, p, sizeof(bits));
  return f16_to_f32(bits);
}

// --- blocks of 32: low nibbles are the first 16 values, high nibbles the last 16 -----------------

int nibble(const uint8_t* quants, int i) { return i < 16 ? quants[i] & 15 : quants[i - 16] >> 4; }

int fifth_bit(const std::byte* high, int i) {
  uint32_t bits;
  std::memcpy(&bits, high, sizeof(bits));
  return static_cast<int>((bits >> i) & 1u) << 4;
}

void q4_0(const std::byte* block, float* out) {
  const float d = half_at(block);
  for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(nibble(u8(block + 2), i) - 8);
}

void q4_1(const std::byte* block, float* out) {
  const float d = half_at(block);
  const float m = half_at(block + 2);
  for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(nibble(u8(block + 4), i)) + m;
}

void q5_0(const std::byte* block, float* out) {
  const float d = half_at(block);
  for (int i = 0; i < 32; ++i) {
    const int level = nibble(u8(block + 6), i) | fifth_bit(block + 2, i);
    out[i] = d * static_cast<float>(level - 16);
  }
}

void q5_1(const std::byte* block, float* out) {
  const float d = half_at(block);
  const float m = half_at(block + 2);
  for (int i = 0; i < 32; ++i) {
    const int level = nibble(u8(block + 8), i) | fifth_bit(block + 4, i);
    out[i] = d * static_cast<float>(level) + m;
  }
}

void q8_0(const std::byte* block, float* out) {
  const float d = half_at(block);
  const auto* levels = reinterpret_cast<const int8_t*>(block + 2);
  for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(levels[i]);
}

// --- blocks of 256: eight sub-blocks of 32 with 6-bit scales and minima in 12 bytes --------------

struct SubScale {
  int scale;
  int min;
};

SubScale sub_scale(const uint8_t* s, int j) {
  if (j < 4) return {s[j] & 63, s[j + 4] & 63};
  return {(s[j + 4] & 15) | ((s[j - 4] >> 6) << 4), (s[j + 4] >> 4) | ((s[j] >> 6) << 4)};
}

// levels: of sub-block j, element i.
template <typename Level>
void k_block(const std::byte* block, Level&& level, float* out) {
  const float d = half_at(block);
  const float dmin = half_at(block + 2);
  for (int j = 0; j < 8; ++j) {
    const auto [scale, min] = sub_scale(u8(block + 4), j);
    const float ds = d * static_cast<float>(scale);
    const float m = dmin * static_cast<float>(min);
    for (int i = 0; i < 32; ++i) out[32 * j + i] = ds * static_cast<float>(level(j, i)) - m;
  }
}

int k_nibble(const uint8_t* quants, int j, int i) {
  const int byte = quants[32 * (j / 2) + i];
  return j % 2 == 0 ? byte & 15 : byte >> 4;
}

void q4_k(const std::byte* block, float* out) {
  const uint8_t* quants = u8(block + 16);
  k_block(block, [&](int j, int i) { return k_nibble(quants, j, i); }, out);
}

void q5_k(const std::byte* block, float* out) {
  const uint8_t* high = u8(block + 16);
  const uint8_t* quants = u8(block + 48);
  k_block(
      block, [&](int j, int i) { return k_nibble(quants, j, i) | (((high[i] >> j) & 1) << 4); },
      out);
}

void q6_k(const std::byte* block, float* out) {
  const uint8_t* low = u8(block);
  const uint8_t* high = u8(block + 128);
  const auto* scales = reinterpret_cast<const int8_t*>(block + 192);
  const float d = half_at(block + 208);
  for (int i = 0; i < 256; ++i) {
    const int half = i / 128;  // 64 bytes of low, 32 of high
    const int quarter = i % 128 / 32;
    const int l = i % 32;
    const int byte = low[64 * half + 32 * (quarter % 2) + l];
    const int nib = quarter < 2 ? byte & 15 : byte >> 4;
    const int top = (high[32 * half + l] >> (2 * quarter)) & 3;
    const float ds = d * static_cast<float>(scales[i / 16]);
    out[i] = ds * static_cast<float>((nib | (top << 4)) - 32);
  }
}

using BlockFunction = void (*)(const std::byte*, float*);

BlockFunction block_function(Format format) {
  switch (format) {
    case Format::kF32:
      return [](const std::byte* p, float* out) { std::memcpy(out, p, sizeof(float)); };
    case Format::kF16:
      return [](const std::byte* p, float* out) { *out = half_at(p); };
    case Format::kBF16:
      return [](const std::byte* p, float* out) {
        uint16_t bits;
        std::memcpy(&bits, p, sizeof(bits));
        *out = bf16_to_f32(bits);
      };
    case Format::kQ4_0:
      return q4_0;
    case Format::kQ4_1:
      return q4_1;
    case Format::kQ5_0:
      return q5_0;
    case Format::kQ5_1:
      return q5_1;
    case Format::kQ8_0:
      return q8_0;
    case Format::kQ4_K:
      return q4_k;
    case Format::kQ5_K:
      return q5_k;
    case Format::kQ6_K:
      return q6_k;
    case Format::kGrouped4:
    case Format::kGrouped8:
      break;
  }
  return nullptr;
}

void read_grouped_row(const GroupedSource& source, int64_t row, std::span<float> out) {
  const int64_t group = source.group_columns();
  const auto groups = static_cast<size_t>(source.columns() / group);
  std::vector<uint8_t> levels(out.size());
  std::vector<uint16_t> scales(groups);
  std::vector<int16_t> zeros(groups);
  source.read_rows(row, 1, levels, scales, zeros);
  const auto order = source.column_order();
  for (size_t k = 0; k < out.size(); ++k) {
    const size_t at = k / static_cast<size_t>(group);
    const size_t column = order.empty() ? k : static_cast<size_t>(order[k]);
    out[column] = f16_to_f32(scales[at]) * static_cast<float>(levels[k] - zeros[at]);
  }
}

}  // namespace

int64_t StoredTensor::stored_row(int64_t logical_row) const {
  if (interleaved_heads == 0) return logical_row;
  const int64_t head_dim = shape[0] / interleaved_heads;
  const int64_t head = logical_row / head_dim;
  const int64_t within = logical_row % head_dim;
  const int64_t half = within / (head_dim / 2);
  return head * head_dim + 2 * (within % (head_dim / 2)) + half;
}

void read_row_f32(const StoredTensor& tensor, int64_t row, std::span<float> out) {
  if (tensor.grouped) return read_grouped_row(*tensor.grouped, row, out);
  const FormatInfo& format = info(tensor.format);
  const BlockFunction read = block_function(tensor.format);
  const int64_t blocks = static_cast<int64_t>(out.size()) / format.block_elements;
  const bool vector = tensor.shape.size() == 1;
  const int64_t first = vector ? 0 : tensor.stored_row(row) * blocks;
  for (int64_t i = 0; i < blocks; ++i) {
    // Vectors are floats, blocks of one element, so theirs may be out of order one by one.
    const int64_t block = first + (vector ? tensor.stored_row(i) : i);
    read(tensor.data.data() + block * format.block_bytes, out.data() + i * format.block_elements);
  }
}

}  // namespace spyre::checkpoint
