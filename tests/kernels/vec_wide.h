// Sixteen lanes of the scalar wrapper (vec_scalar.h): for kernels that want a whole panel in a
// vector, on any machine.
#pragma once

#include "kernels/lanes.h"
#include "kernels/vec_scalar.h"

namespace spyre::kernels {
namespace {

struct WideVec {
  static constexpr int kLanes = 16;
  static constexpr int kMatmulRows = 4;
  static constexpr int kWideOffset = 0;
  static constexpr bool kPackedPairs = true;
  static constexpr bool kInt8Tiles = true;
  static constexpr bool kBf16Tiles = true;

  template <typename T>
  struct Lanes {
    T lane[kLanes];
  };
  using F = Lanes<float>;
  using I = Lanes<int32_t>;
  using S = ScalarVec;

  // out[i] = of(i)
  template <typename T, typename Of>
  static Lanes<T> each(Of of) {
    Lanes<T> out;
    for (int i = 0; i < kLanes; ++i) out.lane[i] = of(i);
    return out;
  }
  static const char* bytes(const void* p, int64_t at) { return static_cast<const char*>(p) + at; }

  static F zero() { return set1(0.0f); }
  static F set1(float x) {
    return each<float>([&](int) { return x; });
  }
  static F load(const float* p) { return load(p, kLanes); }
  static F load(const float* p, int64_t n) {
    return each<float>([&](int i) { return i < n ? p[i] : 0.0f; });
  }
  static void store(float* p, F v) { store(p, v, kLanes); }
  static void store(float* p, F v, int64_t n) {
    for (int i = 0; i < smaller(n, kLanes); ++i) p[i] = v.lane[i];
  }
  static F load_f16(const void* p) {
    return each<float>([&](int i) { return S::load_f16(bytes(p, int64_t{2} * i)); });
  }
  static F add(F a, F b) {
    return each<float>([&](int i) { return S::add(a.lane[i], b.lane[i]); });
  }
  static F sub(F a, F b) {
    return each<float>([&](int i) { return S::sub(a.lane[i], b.lane[i]); });
  }
  static F mul(F a, F b) {
    return each<float>([&](int i) { return S::mul(a.lane[i], b.lane[i]); });
  }
  static F fma(F a, F b, F c) {
    return each<float>([&](int i) { return S::fma(a.lane[i], b.lane[i], c.lane[i]); });
  }
  static F to_float(I a) {
    return each<float>([&](int i) { return S::to_float(a.lane[i]); });
  }

  static I int1(int32_t x) {
    return each<int32_t>([&](int) { return x; });
  }
  static I load_int(const void* p) {
    return each<int32_t>([&](int i) { return S::load_int(bytes(p, int64_t{4} * i)); });
  }
  static void store_int(void* p, I v) { __builtin_memcpy(p, v.lane, sizeof(v.lane)); }
  static I load_u8(const void* p) {
    return each<int32_t>([&](int i) { return S::load_u8(bytes(p, i)); });
  }
  static I load_i8(const void* p) {
    return each<int32_t>([&](int i) { return S::load_i8(bytes(p, i)); });
  }
  static I load_i16(const void* p) {
    return each<int32_t>([&](int i) { return S::load_i16(bytes(p, int64_t{2} * i)); });
  }
  static I add(I a, I b) {
    return each<int32_t>([&](int i) { return S::add(a.lane[i], b.lane[i]); });
  }
  static I sub(I a, I b) {
    return each<int32_t>([&](int i) { return S::sub(a.lane[i], b.lane[i]); });
  }
  static I sub_bytes(I a, I b) {
    return each<int32_t>([&](int i) { return S::sub_bytes(a.lane[i], b.lane[i]); });
  }
  static I mul(I a, I b) {
    return each<int32_t>([&](int i) { return S::mul(a.lane[i], b.lane[i]); });
  }
  static I bit_and(I a, I b) {
    return each<int32_t>([&](int i) { return a.lane[i] & b.lane[i]; });
  }
  static I bit_or(I a, I b) {
    return each<int32_t>([&](int i) { return a.lane[i] | b.lane[i]; });
  }
  template <int kBits>
  static I shift_left(I a) {
    return each<int32_t>([&](int i) { return S::shift_left<kBits>(a.lane[i]); });
  }
  template <int kBits>
  static I shift_right(I a) {
    return each<int32_t>([&](int i) { return S::shift_right<kBits>(a.lane[i]); });
  }
  static I dot_pair(I acc, I w, const int16_t* pair) {
    return each<int32_t>([&](int i) { return S::dot_pair(acc.lane[i], w.lane[i], pair); });
  }
};

}  // namespace
}  // namespace spyre::kernels
