// The processor's tiles (tiles.h). Assembly, as gcc's own functions take no template parameter for
// a register. A thread's first use of a tile wants the permission that allow_tiles() of base/cpu.h
// asked for.
#pragma once

#include <cstdint>

#include "kernels/tiles.h"

namespace spyre::kernels {
namespace {

class AmxTiles {
 public:
  explicit AmxTiles(const TileShape (&shapes)[kTiles]) {
    Config config = {};
    config.palette = 1;
    for (int i = 0; i < kTiles; ++i) {
      config.row_bytes[i] = static_cast<uint16_t>(shapes[i].row_bytes);
      config.rows[i] = static_cast<uint8_t>(shapes[i].rows);
    }
    __asm__ volatile("ldtilecfg %0" : : "m"(config));
  }
  AmxTiles(const AmxTiles&) = delete;
  AmxTiles& operator=(const AmxTiles&) = delete;
  // What is in use costs time at every switch of threads.
  ~AmxTiles() { __asm__ volatile("tilerelease"); }

  template <int kTile>
  void zero() {
    __asm__ volatile("tilezero %%tmm%c0" : : "i"(kTile));
  }
  template <int kTile>
  void load(const void* at, int64_t stride) {
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2"
                     :
                     : "r"(at), "r"(stride), "i"(kTile)
                     : "memory");
  }
  template <int kTile>
  void store(void* at, int64_t stride) const {
    __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)"
                     :
                     : "r"(at), "r"(stride), "i"(kTile)
                     : "memory");
  }
  template <int kC, int kA, int kB>
  void dot_s8_s8() {
    __asm__ volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kC), "i"(kA), "i"(kB));
  }
  template <int kC, int kA, int kB>
  void dot_s8_u8() {
    __asm__ volatile("tdpbsud %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kC), "i"(kA), "i"(kB));
  }
  template <int kC, int kA, int kB>
  void dot_bf16() {
    __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kC), "i"(kA), "i"(kB));
  }

 private:
  struct Config {
    uint8_t palette;
    uint8_t start_row;
    uint8_t reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  };
  static_assert(sizeof(Config) == 64);
};

}  // namespace
}  // namespace spyre::kernels
