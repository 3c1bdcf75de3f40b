// The vector wrapper over AVX2 with AVX-VNNI: four products of bytes go into one instruction.
#pragma once

#include "kernels/vec_avx2.h"

namespace spyre::kernels {
namespace {

struct AvxVnniVec : Avx2Vec {
  static constexpr int kWideOffset = 0;  // no product saturates

  template <int kLevelBits, int kQuads>
  static I dot(I acc, const I* w, const int8_t* a) {
#pragma GCC unroll 8
    for (int64_t i = 0; i < kQuads; ++i) {
      acc = _mm256_dpbusd_avx_epi32(acc, w[i], broadcast4(a + 4 * i));
    }
    return acc;
  }
  static I dot_pair(I acc, I w, const int16_t* pair) {
    return _mm256_dpwssd_avx_epi32(acc, w, broadcast4(pair));
  }
};

}  // namespace
}  // namespace spyre::kernels
