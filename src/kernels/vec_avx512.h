// The vector wrapper (vec_scalar.h) over AVX-512 F, BW, DQ, VL and VNNI: 16 lanes.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "kernels/vec_halves.h"

namespace spyre::kernels {
namespace {

struct Avx512Vec {
  using F = __m512;
  using I = __m512i;
  static constexpr int kLanes = 16;
  static constexpr int kMatmulRows = 8;
  static constexpr int kWideOffset = 0;
  static constexpr bool kPackedPairs = false;
  static constexpr bool kScales = true;
  static constexpr bool kInt8Tiles = false;
  static constexpr bool kBf16Tiles = false;

  static __mmask16 lanes_below(int64_t n) { return static_cast<__mmask16>((1u << n) - 1u); }
  static __m256i load_halves(const void* p) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(p));
  }
  static __m256i load_halves(const void* p, int64_t n) {
    return _mm256_maskz_loadu_epi16(lanes_below(n), p);
  }
  static F widen_bf16(__m256i halves) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
  }
  static __m128i load_bytes(const void* p) {
    return _mm_loadu_si128(static_cast<const __m128i*>(p));
  }

  static F zero() { return _mm512_setzero_ps(); }
  static F set1(float x) { return _mm512_set1_ps(x); }
  static F load(const float* p) { return _mm512_loadu_ps(p); }
  static F load(const float* p, int64_t n) { return _mm512_maskz_loadu_ps(lanes_below(n), p); }
  static void store(float* p, F v) { _mm512_storeu_ps(p, v); }
  static void store(float* p, F v, int64_t n) { _mm512_mask_storeu_ps(p, lanes_below(n), v); }
  static F load_f16(const void* p) { return _mm512_cvtph_ps(load_halves(p)); }
  static F load_f16(const void* p, int64_t n) { return _mm512_cvtph_ps(load_halves(p, n)); }
  static F load_bf16(const void* p) { return widen_bf16(load_halves(p)); }
  static F load_bf16(const void* p, int64_t n) { return widen_bf16(load_halves(p, n)); }

  static F add(F a, F b) { return _mm512_add_ps(a, b); }
  static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
  static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  static F div(F a, F b) { return _mm512_div_ps(a, b); }
  static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  static F max(F a, F b) { return _mm512_max_ps(a, b); }
  static F min(F a, F b) { return _mm512_min_ps(a, b); }
  static F scale(F a, F power) { return _mm512_scalef_ps(a, power); }
  static F sqrt(F a) { return _mm512_sqrt_ps(a); }
  static F abs(F a) { return _mm512_andnot_ps(set1(-0.0f), a); }
  static __m256 low(F a) { return _mm512_castps512_ps256(a); }
  static __m256 high(F a) { return _mm512_extractf32x8_ps(a, 1); }
  static float sum_of_16(const F* a) { return sum_by_halves(_mm256_add_ps(low(*a), high(*a))); }
  static float max_of_16(const F* a) { return max_by_halves(_mm256_max_ps(low(*a), high(*a))); }
  static F copy_sign(F magnitude, F sign) {
    return _mm512_or_ps(abs(magnitude), _mm512_and_ps(set1(-0.0f), sign));
  }
  static F select_less(F a, F b, F yes, F no) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes);
  }
  static F select_nan(F a, F yes, F no) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), no, yes);
  }
  static F through_f16(F a) {
    return _mm512_cvtph_ps(_mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  static void store_f16(void* p, F v, int64_t n) {
    const __m256i halves = _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm256_mask_storeu_epi16(p, lanes_below(n), halves);
  }

  static I bits(F a) { return _mm512_castps_si512(a); }
  static F from_bits(I a) { return _mm512_castsi512_ps(a); }
  static F to_float(I a) { return _mm512_cvtepi32_ps(a); }
  static I int1(int32_t x) { return _mm512_set1_epi32(x); }
  static I load_int(const void* p) { return _mm512_loadu_si512(p); }
  static void store_int(void* p, I v) { _mm512_storeu_si512(p, v); }
  static I load_u8(const void* p) { return _mm512_cvtepu8_epi32(load_bytes(p)); }
  static I load_i8(const void* p) { return _mm512_cvtepi8_epi32(load_bytes(p)); }
  static I load_i16(const void* p) { return _mm512_cvtepi16_epi32(load_halves(p)); }
  static void store_i8(void* p, I v) {
    _mm_storeu_si128(static_cast<__m128i*>(p), _mm512_cvtepi32_epi8(v));
  }
  static I add(I a, I b) { return _mm512_add_epi32(a, b); }
  static I sub(I a, I b) { return _mm512_sub_epi32(a, b); }
  static I sub_bytes(I a, I b) { return _mm512_sub_epi8(a, b); }
  static I mul(I a, I b) { return _mm512_mullo_epi32(a, b); }
  static I max(I a, I b) { return _mm512_max_epi32(a, b); }
  static int32_t max_of(I a) { return _mm512_reduce_max_epi32(a); }
  static int32_t sum_of(I a) { return _mm512_reduce_add_epi32(a); }
  static I bit_and(I a, I b) { return _mm512_and_si512(a, b); }
  static I bit_or(I a, I b) { return _mm512_or_si512(a, b); }
  template <int kBits>
  static I shift_left(I a) {
    return _mm512_slli_epi32(a, kBits);
  }
  template <int kBits>
  static I shift_right(I a) {
    return _mm512_srli_epi32(a, kBits);
  }

  static I broadcast4(const void* p) {
    int32_t word;
    __builtin_memcpy(&word, p, sizeof(word));
    return _mm512_set1_epi32(word);
  }

  template <int kLevelBits, int kQuads>
  static I dot(I acc, const I* w, const int8_t* a) {
#pragma GCC unroll 8
    for (int64_t i = 0; i < kQuads; ++i)
      acc = _mm512_dpbusd_epi32(acc, w[i], broadcast4(a + 4 * i));
    return acc;
  }
  static I dot_pair(I acc, I w, const int16_t* pair) {
    return _mm512_dpwssd_epi32(acc, w, broadcast4(pair));
  }
};

}  // namespace
}  // namespace spyre::kernels
