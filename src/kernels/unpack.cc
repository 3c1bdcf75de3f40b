// One packed row back as floats, for embedding look-ups. Reads the layout that pack.cc writes;
// portable.
#include <cstring>

#include "base/half.h"
#include "kernels/kernels.h"
#include "kernels/layout.h"

namespace spyre::kernels {

namespace {

uint16_t half_at(const std::byte* halves, int64_t array, int64_t row) {
  uint16_t half;
  std::memcpy(&half, halves + array * kHalvesBytes + row * 2, sizeof(half));
  return half;
}

int byte_at(const std::byte* bytes, int64_t index) { return std::to_integer<int>(bytes[index]); }

int level_at(const PackedLayout& layout, const std::byte* quads, int64_t row, int64_t k) {
  const std::byte* planes = quads + layout.quad_bytes();
  const int64_t quad = k / 4;
  const int64_t at = row * 4 + k % 4;
  if (layout.bits == 8) return byte_at(quads, quad * kLineBytes + at);
  int level = byte_at(quads, quad % 4 * kLineBytes + at) >> (quad / 4 * 4) & 15;
  if (layout.bits == 5) level |= (byte_at(planes, at) >> quad & 1) << 4;
  if (layout.bits == 6) {
    level |= (byte_at(planes, quad / 4 * kLineBytes + at) >> (quad % 4 * 2) & 3) << 4;
  }
  return level;
}

// What turns the levels of half a block (16 columns) into values: scale * (level - zero) + min.
struct Affine {
  float scale;
  int zero;
  float min;
};

Affine affine_of(Format format, const std::byte* header, const std::byte* scales, int64_t row,
                 int64_t half) {
  const PackedLayout layout = packed_layout(format);
  if (layout.header_bytes == 0) {
    const float min = layout.has_min ? f16_to_f32(half_at(scales, 1, row)) : 0.0f;
    return {f16_to_f32(half_at(scales, 0, row)), layout.zero, min};
  }
  const float d = f16_to_f32(half_at(header, 0, row));
  if (is_grouped(format)) return {d, static_cast<int16_t>(half_at(header, 1, row)), 0.0f};
  if (format == Format::kQ6_K) {
    const auto sub = static_cast<int8_t>(byte_at(scales, half * kPanelRows + row));
    return {d * static_cast<float>(sub), layout.zero, 0.0f};
  }
  const float dmin = f16_to_f32(half_at(header, 1, row));
  return {d * static_cast<float>(byte_at(scales, row)), layout.zero,
          -(dmin * static_cast<float>(byte_at(scales, kPanelRows + row)))};
}

void unpack_block(Format format, const std::byte* header, const std::byte* block, int64_t row,
                  float* out) {
  const PackedLayout layout = packed_layout(format);
  const std::byte* scales = block + layout.quad_bytes() + layout.plane_bytes;
  for (int64_t half = 0; half < 2; ++half) {
    const Affine affine = affine_of(format, header, scales, row, half);
    for (int64_t k = 16 * half; k < 16 * half + 16; ++k) {
      const int level = level_at(layout, block, row, k);
      const float product = affine.scale * static_cast<float>(level - affine.zero);
      out[k] = layout.has_min ? product + affine.min : product;
    }
  }
}

void unpack_floats(Format format, const std::byte* panel, int64_t row, int64_t columns,
                   float* out) {
  if (format == Format::kF32) {
    for (int64_t k = 0; k < columns; ++k) {
      std::memcpy(out + k, panel + (k * kPanelRows + row) * 4, sizeof(float));
    }
    return;
  }
  for (int64_t k = 0; k < columns; ++k) {
    out[k] = format == Format::kF16
                 ? f16_to_f32(half_at(panel + k * kPanelRows * 2, 0, row))
                 : bf16_to_f32(half_at(panel + k / 2 * kLineBytes, 0, 2 * row + k % 2));
  }
}

}  // namespace

void unpack_row(const PackedMatrix& weights, int64_t row, float* out) {
  const Format format = weights.format;
  const auto panel_bytes = static_cast<int64_t>(
      packed_bytes(format, kPanelRows, weights.columns, weights.group_columns));
  const std::byte* at = weights.panels + row / kPanelRows * panel_bytes;
  const int64_t in_panel = row % kPanelRows;
  if (is_float(format)) return unpack_floats(format, at, in_panel, weights.columns, out);

  const PackedLayout layout = packed_layout(format);
  const int64_t header_blocks =
      layout.header_blocks > 0 ? layout.header_blocks : weights.group_columns / kQuantBlock;
  const std::byte* header = nullptr;
  for (int64_t b = 0; b < weights.columns / kQuantBlock; ++b) {
    if (layout.header_bytes > 0 && b % header_blocks == 0) {
      header = at;
      at += layout.header_bytes;
    }
    unpack_block(format, header, at, in_panel, out + b * kQuantBlock);
    at += layout.block_bytes();
  }
}

}  // namespace spyre::kernels
