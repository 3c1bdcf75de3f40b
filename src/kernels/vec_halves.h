// Sum and maximum of eight floats by halves (lanes16 of kernels.h): 4 apart, 2 apart, 1 apart.
// Shared by the vector wrappers, whose own vectors are one or two halves of sixteen.
#pragma once

#include <immintrin.h>

namespace spyre::kernels {
namespace {

inline float sum_by_halves(__m256 a) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

inline float max_by_halves(__m256 a) {
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace
}  // namespace spyre::kernels
