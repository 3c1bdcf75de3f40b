// The vector wrapper that every algorithm of this room is written over, here with one lane in plain
// C++: the meaning of each operation. vec_avx2.h (8 lanes) and vec_avx512.h (16) offer the same
// names and the same bits per lane.
//   F: kLanes floats. I: kLanes 32-bit integers, also seen as 4 bytes a lane. load(p, n) and
//   store(p, v, n) touch the first n lanes only; other lanes load as 0.
//   max(a, b) is a > b ? a : b and min(a, b) is a < b ? a : b: a NaN on either side gives b.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/half.h"

namespace spyre::kernels {
namespace {

struct ScalarVec {
  using F = float;
  using I = int32_t;
  static constexpr int kLanes = 1;
  static constexpr int kMatmulRows = 4;        // rows of input that share unpacked weights
  static constexpr int kWideOffset = 0;        // dot<8> computes sum((w - kWideOffset) * a)
  static constexpr bool kPackedPairs = false;  // of bf16: dot_bf16() takes two at once
  static constexpr bool kScales = false;       // scale(a, n) = a * 2^n, rounded once
  static constexpr bool kInt8Tiles = false;    // matmuls of that input take the class Tiles
  static constexpr bool kBf16Tiles = false;

  template <typename T>
  static T get(const void* p) {
    T value;
    __builtin_memcpy(&value, p, sizeof(T));
    return value;
  }

  static F zero() { return 0.0f; }
  static F set1(float x) { return x; }
  static F load(const float* p) { return *p; }
  static F load(const float* p, int64_t n) { return n > 0 ? *p : 0.0f; }
  static void store(float* p, F v) { *p = v; }
  static void store(float* p, F v, int64_t n) {
    if (n > 0) *p = v;
  }
  static F load_f16(const void* p) { return f16_to_f32(get<uint16_t>(p)); }
  static F load_f16(const void* p, int64_t n) { return n > 0 ? load_f16(p) : 0.0f; }
  static F load_bf16(const void* p) { return bf16_to_f32(get<uint16_t>(p)); }
  static F load_bf16(const void* p, int64_t n) { return n > 0 ? load_bf16(p) : 0.0f; }

  static F add(F a, F b) { return a + b; }
  static F sub(F a, F b) { return a - b; }
  static F mul(F a, F b) { return a * b; }
  static F div(F a, F b) { return a / b; }
  static F fma(F a, F b, F c) { return __builtin_fmaf(a, b, c); }  // one rounding
  static F max(F a, F b) { return a > b ? a : b; }
  static F min(F a, F b) { return a < b ? a : b; }
  static F sqrt(F a) { return __builtin_sqrtf(a); }
  static F abs(F a) { return __builtin_fabsf(a); }
  // Of sixteen lanes, in 16 / kLanes parts, by halves: 8 apart, 4, 2, 1.
  static float sum_of_16(const F* parts) {
    return of_16(parts, [](F a, F b) { return a + b; });
  }
  static float max_of_16(const F* parts) {
    return of_16(parts, [](F a, F b) { return a > b ? a : b; });
  }
  template <typename Combine>
  static float of_16(const F* parts, Combine combine) {
    F lanes[8];
    for (int i = 0; i < 8; ++i) lanes[i] = combine(parts[i], parts[i + 8]);
    for (int apart = 4; apart > 0; apart /= 2) {
      for (int i = 0; i < apart; ++i) lanes[i] = combine(lanes[i], lanes[i + apart]);
    }
    return lanes[0];
  }
  static F copy_sign(F magnitude, F sign) { return __builtin_copysignf(magnitude, sign); }
  static F select_less(F a, F b, F yes, F no) { return a < b ? yes : no; }  // NaN: no
  static F select_nan(F a, F yes, F no) { return a != a ? yes : no; }
  static F through_f16(F a) { return f16_to_f32(f32_to_f16(a)); }  // nearest even, and back
  static void store_f16(void* p, F v, int64_t n) {
    const uint16_t half = f32_to_f16(v);
    if (n > 0) __builtin_memcpy(p, &half, sizeof(half));
  }

  static I bits(F a) { return std::bit_cast<int32_t>(a); }
  static F from_bits(I a) { return std::bit_cast<float>(a); }
  static F to_float(I a) { return static_cast<float>(a); }
  static I int1(int32_t x) { return x; }
  static I load_int(const void* p) { return get<int32_t>(p); }
  static void store_int(void* p, I v) { __builtin_memcpy(p, &v, sizeof(v)); }
  static I load_u8(const void* p) { return get<uint8_t>(p); }
  static I load_i8(const void* p) { return get<int8_t>(p); }
  static I load_i16(const void* p) { return get<int16_t>(p); }
  static void store_i8(void* p, I v) {  // the low bytes
    const auto byte = static_cast<int8_t>(v);
    __builtin_memcpy(p, &byte, 1);
  }
  static I add(I a, I b) {
    return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
  }
  static I sub(I a, I b) {
    return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
  }
  static I sub_bytes(I a, I b) {  // each byte on its own
    constexpr auto kTop = static_cast<int32_t>(0x80808080u);
    return sub(a | kTop, b & ~kTop) ^ ((a ^ ~b) & kTop);
  }
  static I mul(I a, I b) {
    return static_cast<int32_t>(static_cast<uint32_t>(a) * static_cast<uint32_t>(b));
  }
  static I max(I a, I b) { return a > b ? a : b; }
  static int32_t max_of(I a) { return a; }  // over the lanes
  static int32_t sum_of(I a) { return a; }
  static I bit_and(I a, I b) { return a & b; }
  static I bit_or(I a, I b) { return a | b; }
  template <int kBits>
  static I shift_left(I a) {
    return static_cast<int32_t>(static_cast<uint32_t>(a) << kBits);
  }
  template <int kBits>
  static I shift_right(I a) {  // fills with zeros
    return static_cast<int32_t>(static_cast<uint32_t>(a) >> kBits);
  }

  // acc + sum over kQuads of the lane's 4 unsigned weight bytes (below 2^kLevelBits) times the 4
  // activations of that quad, which all lanes share. a in [-127, 127].
  template <int kLevelBits, int kQuads>
  static I dot(I acc, const I* w, const int8_t* a) {
    for (int i = 0; i < 4 * kQuads; ++i) {
      const uint32_t byte = static_cast<uint32_t>(w[i / 4]) >> (i % 4 * 8) & 0xffu;
      acc += static_cast<int32_t>(byte) * a[i];
    }
    return acc;
  }
  // acc + low16(w) * pair[0] + high16(w) * pair[1], all signed.
  static I dot_pair(I acc, I w, const int16_t* pair) {
    return acc + static_cast<int16_t>(w) * pair[0] + (w >> 16) * pair[1];
  }
};

}  // namespace
}  // namespace spyre::kernels
