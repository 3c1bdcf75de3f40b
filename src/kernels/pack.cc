// Weights from a file's rows into panels of 16 rows (layout.h). Runs once, at load; portable.
#include <array>
#include <cstring>

#include "kernels/file_blocks.h"
#include "kernels/kernels.h"
#include "kernels/layout.h"

namespace spyre::kernels {

namespace {

// Byte of a line that holds column quad*4 + c of a row.
int64_t byte_in_line(int64_t row, int64_t column) { return row * 4 + column % 4; }

void or_byte(std::byte* at, int value) { *at |= static_cast<std::byte>(value); }

// quads and planes: zeroed by the caller.
void pack_levels(const PackedLayout& layout, const uint8_t* levels, int64_t row, std::byte* quads) {
  std::byte* planes = quads + layout.quad_bytes();
  for (int64_t k = 0; k < kQuantBlock; ++k) {
    const int64_t quad = k / 4;
    const int64_t at = byte_in_line(row, k);
    if (layout.bits == 8) {
      quads[quad * kLineBytes + at] = static_cast<std::byte>(levels[k]);
      continue;
    }
    or_byte(quads + quad % 4 * kLineBytes + at, (levels[k] & 15) << (quad / 4 * 4));
    if (layout.bits == 5) or_byte(planes + at, levels[k] >> 4 << quad);
    if (layout.bits == 6) {
      or_byte(planes + quad / 4 * kLineBytes + at, levels[k] >> 4 << (quad % 4 * 2));
    }
  }
}

// halves: arrays of 16 values of two bytes.
void put_half(std::byte* halves, int64_t array, int64_t row, uint16_t value) {
  std::memcpy(halves + array * kHalvesBytes + row * 2, &value, sizeof(value));
}

void pack_scales(const PackedLayout& layout, const FileBlock& block, int64_t row,
                 std::byte* scales) {
  if (layout.header_bytes == 0) {
    put_half(scales, 0, row, block.scale);
    if (layout.has_min) put_half(scales, 1, row, block.min);
    return;
  }
  scales[row] = static_cast<std::byte>(block.sub[0]);
  scales[kPanelRows + row] = static_cast<std::byte>(block.sub[1]);
}

void pack_header(const PackedLayout& layout, const FileBlock& block, int64_t row,
                 std::byte* header) {
  put_half(header, 0, row, block.scale);
  if (layout.has_min) put_half(header, 1, row, block.min);
}

void pack_pairs(const std::byte* const* rows, int num_rows, int64_t columns, std::byte* panel) {
  std::memset(panel, 0, packed_bytes(Format::kBF16, kPanelRows, columns, 0));
  for (int64_t row = 0; row < num_rows; ++row) {
    for (int64_t k = 0; k < columns; ++k) {
      std::memcpy(panel + k / 2 * kLineBytes + row * 4 + k % 2 * 2, rows[row] + k * 2, 2);
    }
  }
}

void pack_floats(int value_bytes, const std::byte* const* rows, int num_rows, int64_t columns,
                 std::byte* panel) {
  std::memset(panel, 0, static_cast<size_t>(columns * kPanelRows * value_bytes));
  for (int64_t row = 0; row < num_rows; ++row) {
    for (int64_t k = 0; k < columns; ++k) {
      std::memcpy(panel + (k * kPanelRows + row) * value_bytes, rows[row] + k * value_bytes,
                  static_cast<size_t>(value_bytes));
    }
  }
}

}  // namespace

size_t packed_bytes(Format format, int64_t rows, int64_t columns, int64_t group_columns) {
  const int64_t panels = (rows + kPanelRows - 1) / kPanelRows;
  if (format == Format::kBF16)
    return static_cast<size_t>(panels * ((columns + 1) / 2) * kLineBytes);
  if (is_float(format)) {
    return static_cast<size_t>(panels * kPanelRows * columns * info(format).block_bytes);
  }
  const PackedLayout layout = packed_layout(format);
  const int64_t blocks = columns / kQuantBlock;
  const int64_t headers = layout.header_bytes == 0   ? 0
                          : layout.header_blocks > 0 ? blocks / layout.header_blocks
                                                     : columns / group_columns;
  return static_cast<size_t>(panels *
                             (blocks * layout.block_bytes() + headers * layout.header_bytes));
}

void pack_panel(Format format, const std::byte* const* rows, int num_rows, int64_t columns,
                std::byte* panel) {
  if (format == Format::kBF16) return pack_pairs(rows, num_rows, columns, panel);
  if (is_float(format)) {
    return pack_floats(info(format).block_bytes, rows, num_rows, columns, panel);
  }
  const PackedLayout layout = packed_layout(format);
  std::memset(panel, 0, packed_bytes(format, kPanelRows, columns, 0));
  std::byte* at = panel;
  for (int64_t b = 0; b < columns / kQuantBlock; ++b) {
    const bool starts_super = layout.header_blocks > 0 && b % layout.header_blocks == 0;
    std::byte* header = at;
    if (starts_super) at += layout.header_bytes;
    for (int64_t row = 0; row < num_rows; ++row) {
      const FileBlock block = read_file_block(format, rows[row], b);
      if (starts_super) pack_header(layout, block, row, header);
      pack_levels(layout, block.levels.data(), row, at);
      pack_scales(layout, block, row, at + layout.quad_bytes() + layout.plane_bytes);
    }
    at += layout.block_bytes();
  }
}

void pack_grouped_panel(Format format, const uint8_t* levels, const uint16_t* scales,
                        const int16_t* zeros, int num_rows, int64_t columns, int64_t group_columns,
                        std::byte* panel) {
  const PackedLayout layout = packed_layout(format);
  const int64_t groups = columns / group_columns;
  std::memset(panel, 0, packed_bytes(format, kPanelRows, columns, group_columns));
  std::byte* at = panel;
  for (int64_t group = 0; group < groups; ++group) {
    for (int64_t row = 0; row < num_rows; ++row) {
      put_half(at, 0, row, scales[row * groups + group]);
      put_half(at, 1, row, static_cast<uint16_t>(zeros[row * groups + group]));
    }
    at += layout.header_bytes;
    for (int64_t k = group * group_columns; k < (group + 1) * group_columns; k += kQuantBlock) {
      for (int64_t row = 0; row < num_rows; ++row) {
        pack_levels(layout, levels + row * columns + k, row, at);
      }
      at += layout.block_bytes();
    }
  }
}

}  // namespace spyre::kernels
