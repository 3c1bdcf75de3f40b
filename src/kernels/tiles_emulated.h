// Tiles in plain C++ (tiles.h): what the processor's are held to, and what tests run in their
// place. dot_bf16() wants denormals flushed by its caller (base/flush_denormals.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/half.h"
#include "kernels/tiles.h"

namespace spyre::kernels {
namespace {

class EmulatedTiles {
 public:
  explicit EmulatedTiles(const TileShape (&shapes)[kTiles]) {
    for (int i = 0; i < kTiles; ++i) tiles_[i].shape = shapes[i];
  }

  template <int kTile>
  void zero() {
    __builtin_memset(tiles_[kTile].bytes, 0, kTileBytes);
  }
  template <int kTile>
  void load(const void* at, int64_t stride) {
    zero<kTile>();
    Tile& tile = tiles_[kTile];
    for (int row = 0; row < tile.shape.rows; ++row) {
      __builtin_memcpy(tile.bytes[row], static_cast<const std::byte*>(at) + row * stride,
                       static_cast<size_t>(tile.shape.row_bytes));
    }
  }
  template <int kTile>
  void store(void* at, int64_t stride) const {
    const Tile& tile = tiles_[kTile];
    for (int row = 0; row < tile.shape.rows; ++row) {
      __builtin_memcpy(static_cast<std::byte*>(at) + row * stride, tile.bytes[row],
                       static_cast<size_t>(tile.shape.row_bytes));
    }
  }
  template <int kC, int kA, int kB>
  void dot_s8_s8() {
    dot_bytes<kC, kA, kB, int8_t>();
  }
  template <int kC, int kA, int kB>
  void dot_s8_u8() {
    dot_bytes<kC, kA, kB, uint8_t>();
  }
  template <int kC, int kA, int kB>
  void dot_bf16() {
    const Tile& a = tiles_[kA];
    const Tile& b = tiles_[kB];
    for_elements<kC, float>([&](int m, int n, float sum) {
      float even = 0.0f;
      float odd = 0.0f;
      for (int k = 0; k < a.shape.row_bytes / 4; ++k) {
        even = __builtin_fmaf(a.bf16(m, 2 * k), b.bf16(k, 2 * n), even);
        odd = __builtin_fmaf(a.bf16(m, 2 * k + 1), b.bf16(k, 2 * n + 1), odd);
      }
      return sum + (even + odd);
    });
  }

 private:
  struct Tile {
    TileShape shape;
    std::byte bytes[kTileRows][kTileRowBytes];

    template <typename T>
    T at(int row, int column) const {
      T value;
      __builtin_memcpy(&value, bytes[row] + static_cast<size_t>(column) * sizeof(T), sizeof(T));
      return value;
    }
    float bf16(int row, int column) const { return bf16_to_f32(at<uint16_t>(row, column)); }
  };

  // C[m][n] = next(m, n, C[m][n])
  template <int kC, typename T, typename Next>
  void for_elements(Next next) {
    Tile& c = tiles_[kC];
    for (int m = 0; m < c.shape.rows; ++m) {
      for (int n = 0; n < c.shape.row_bytes / 4; ++n) {
        const T value = next(m, n, c.at<T>(m, n));
        __builtin_memcpy(c.bytes[m] + static_cast<size_t>(n) * sizeof(T), &value, sizeof(T));
      }
    }
  }

  template <int kC, int kA, int kB, typename Right>
  void dot_bytes() {
    const Tile& a = tiles_[kA];
    const Tile& b = tiles_[kB];
    for_elements<kC, int32_t>([&](int m, int n, int32_t sum) {
      for (int k = 0; k < a.shape.row_bytes; ++k) {
        sum += a.at<int8_t>(m, k) * b.at<Right>(k / 4, 4 * n + k % 4);
      }
      return sum;
    });
  }

  Tile tiles_[kTiles];
};

}  // namespace
}  // namespace spyre::kernels
