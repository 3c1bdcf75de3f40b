// The vector wrapper over AVX-512 with BF16: pairs of bf16 go into one instruction.
#pragma once

#include "kernels/vec_avx512.h"

namespace spyre::kernels {
namespace {

struct Avx512Bf16Vec : Avx512Vec {
  static constexpr bool kPackedPairs = true;

  static void store_bf16(void* p, F v, int64_t n) {
    _mm256_mask_storeu_epi16(p, lanes_below(n), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v)));
  }
  static F dot_bf16(F acc, I w, const void* pair) {
    return _mm512_dpbf16_ps(acc, reinterpret_cast<__m512bh>(w),
                            reinterpret_cast<__m512bh>(broadcast4(pair)));
  }
};

}  // namespace
}  // namespace spyre::kernels
