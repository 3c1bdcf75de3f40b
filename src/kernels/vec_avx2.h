// The vector wrapper (vec_scalar.h) over AVX2, FMA and F16C: 8 lanes.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "kernels/vec_halves.h"

namespace spyre::kernels {
namespace {

struct Avx2Vec {
  using F = __m256;
  using I = __m256i;
  static constexpr int kLanes = 8;
  static constexpr int kMatmulRows = 4;
  static constexpr int kWideOffset = 128;
  static constexpr bool kPackedPairs = false;
  static constexpr bool kScales = false;
  static constexpr bool kInt8Tiles = false;
  static constexpr bool kBf16Tiles = false;

  static I lanes_below(int64_t n) {
    const I lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane);
  }
  static __m128i load_halves(const void* p) {
    return _mm_loadu_si128(static_cast<const __m128i*>(p));
  }
  static __m128i load_halves(const void* p, int64_t n) {
    alignas(16) int16_t halves[8] = {};
    // Element by element: compiled routines call nothing, not even memcpy.
    for (int64_t i = 0; i < n; ++i) {
      __builtin_memcpy(halves + i, static_cast<const char*>(p) + 2 * i, sizeof(int16_t));
    }
    return load_halves(halves);
  }
  static F widen_bf16(__m128i halves) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
  }

  static F zero() { return _mm256_setzero_ps(); }
  static F set1(float x) { return _mm256_set1_ps(x); }
  static F load(const float* p) { return _mm256_loadu_ps(p); }
  static F load(const float* p, int64_t n) { return _mm256_maskload_ps(p, lanes_below(n)); }
  static void store(float* p, F v) { _mm256_storeu_ps(p, v); }
  static void store(float* p, F v, int64_t n) { _mm256_maskstore_ps(p, lanes_below(n), v); }
  static F load_f16(const void* p) { return _mm256_cvtph_ps(load_halves(p)); }
  static F load_f16(const void* p, int64_t n) { return _mm256_cvtph_ps(load_halves(p, n)); }
  static F load_bf16(const void* p) { return widen_bf16(load_halves(p)); }
  static F load_bf16(const void* p, int64_t n) { return widen_bf16(load_halves(p, n)); }

  static F add(F a, F b) { return _mm256_add_ps(a, b); }
  static F sub(F a, F b) { return _mm256_sub_ps(a, b); }
  static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  static F div(F a, F b) { return _mm256_div_ps(a, b); }
  static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  static F max(F a, F b) { return _mm256_max_ps(a, b); }
  static F min(F a, F b) { return _mm256_min_ps(a, b); }
  static F sqrt(F a) { return _mm256_sqrt_ps(a); }
  static F abs(F a) { return _mm256_andnot_ps(set1(-0.0f), a); }
  static float sum_of_16(const F* parts) { return sum_by_halves(add(parts[0], parts[1])); }
  static float max_of_16(const F* parts) { return max_by_halves(max(parts[0], parts[1])); }
  static F copy_sign(F magnitude, F sign) {
    return _mm256_or_ps(abs(magnitude), _mm256_and_ps(set1(-0.0f), sign));
  }
  static F select_less(F a, F b, F yes, F no) {
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
  }
  static F select_nan(F a, F yes, F no) {
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, a, _CMP_UNORD_Q));
  }
  static F through_f16(F a) {
    return _mm256_cvtph_ps(_mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  static void store_f16(void* p, F v, int64_t n) {
    const __m128i halves = _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    if (n == kLanes) {
      _mm_storeu_si128(static_cast<__m128i*>(p), halves);
      return;
    }
    uint16_t kept[kLanes];
    _mm_storeu_si128(reinterpret_cast<__m128i*>(kept), halves);
    for (int64_t i = 0; i < n; ++i) __builtin_memcpy(static_cast<char*>(p) + 2 * i, kept + i, 2);
  }

  static I bits(F a) { return _mm256_castps_si256(a); }
  static F from_bits(I a) { return _mm256_castsi256_ps(a); }
  static F to_float(I a) { return _mm256_cvtepi32_ps(a); }
  static I int1(int32_t x) { return _mm256_set1_epi32(x); }
  static I load_int(const void* p) { return _mm256_loadu_si256(static_cast<const I*>(p)); }
  static void store_int(void* p, I v) { _mm256_storeu_si256(static_cast<I*>(p), v); }
  static I load_u8(const void* p) { return _mm256_cvtepu8_epi32(_mm_loadu_si64(p)); }
  static I load_i8(const void* p) { return _mm256_cvtepi8_epi32(_mm_loadu_si64(p)); }
  static I load_i16(const void* p) { return _mm256_cvtepi16_epi32(load_halves(p)); }
  static void store_i8(void* p, I v) {
    const __m128i low_byte =
        _mm_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m128i low = _mm_shuffle_epi8(_mm256_castsi256_si128(v), low_byte);
    const __m128i high = _mm_shuffle_epi8(_mm256_extracti128_si256(v, 1), low_byte);
    _mm_storeu_si64(p, _mm_unpacklo_epi32(low, high));
  }
  static I add(I a, I b) { return _mm256_add_epi32(a, b); }
  static I sub(I a, I b) { return _mm256_sub_epi32(a, b); }
  static I sub_bytes(I a, I b) { return _mm256_sub_epi8(a, b); }
  static I mul(I a, I b) { return _mm256_mullo_epi32(a, b); }
  static I max(I a, I b) { return _mm256_max_epi32(a, b); }
  static int32_t max_of(I a) {
    __m128i m = _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0x4e));
    return _mm_cvtsi128_si32(_mm_max_epi32(m, _mm_shuffle_epi32(m, 0xb1)));
  }
  static int32_t sum_of(I a) {
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
  }
  static I bit_and(I a, I b) { return _mm256_and_si256(a, b); }
  static I bit_or(I a, I b) { return _mm256_or_si256(a, b); }
  template <int kBits>
  static I shift_left(I a) {
    return _mm256_slli_epi32(a, kBits);
  }
  template <int kBits>
  static I shift_right(I a) {
    return _mm256_srli_epi32(a, kBits);
  }

  static I broadcast4(const void* p) {
    int32_t word;
    __builtin_memcpy(&word, p, sizeof(word));
    return _mm256_set1_epi32(word);
  }

  // maddubs adds two products in 16 bits, so that kDeep of its results may be added there before
  // they are widened: 2 * (2^bits - 1) * 127 * kDeep < 2^15.
  template <int kLevelBits, int kQuads>
  static I dot(I acc, const I* w, const int8_t* a) {
    constexpr int kDeep = kLevelBits == 4 ? 8 : kLevelBits == 5 ? 4 : kLevelBits == 6 ? 2 : 1;
    const I ones = _mm256_set1_epi16(1);
#pragma GCC unroll 8
    for (int64_t i = 0; i < kQuads; i += kDeep) {
      I sum = products<kLevelBits>(w[i], broadcast4(a + 4 * i));
#pragma GCC unroll 8
      for (int64_t j = i + 1; j < i + kDeep; ++j) {
        sum = _mm256_add_epi16(sum, products<kLevelBits>(w[j], broadcast4(a + 4 * j)));
      }
      acc = add(acc, _mm256_madd_epi16(sum, ones));
    }
    return acc;
  }
  // Eight bits do not fit (255 * 127 * 2): w - 128 goes in as |w - 128| and its sign moves to a.
  template <int kLevelBits>
  static I products(I w, I a) {
    if constexpr (kLevelBits < 8) {
      return _mm256_maddubs_epi16(w, a);
    } else {
      const I centred = _mm256_xor_si256(w, _mm256_set1_epi8(-128));
      return _mm256_maddubs_epi16(_mm256_abs_epi8(centred), _mm256_sign_epi8(a, centred));
    }
  }
  static I dot_pair(I acc, I w, const int16_t* pair) {
    return add(acc, _mm256_madd_epi16(w, broadcast4(pair)));
  }
};

}  // namespace
}  // namespace spyre::kernels
