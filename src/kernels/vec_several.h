// Several vectors of a wrapper as one, for functions of long chains: what one waits for, the others
// fill. Each step is that of the wrapper, so are the bits. As much of a wrapper as math.h asks for.
#pragma once

#include <cstddef>
#include <cstdint>

namespace spyre::kernels {
namespace {

template <typename V, int kCount>
struct Several {
  struct F {
    typename V::F each[kCount];
  };
  struct I {
    typename V::I each[kCount];
  };
  static constexpr int kLanes = kCount * V::kLanes;
  static constexpr bool kScales = V::kScales;

  // step(i) of every vector i.
  template <typename Result, typename Step>
  [[gnu::always_inline]] static Result of(Step step) {
    Result result;
#pragma GCC unroll 4
    for (int i = 0; i < kCount; ++i) result.each[i] = step(i);
    return result;
  }

  static F set1(float x) {
    return of<F>([&](int) { return V::set1(x); });
  }
  static I int1(int32_t x) {
    return of<I>([&](int) { return V::int1(x); });
  }
  static F load(const float* p) {
    return of<F>([&](int i) { return V::load(p + i * V::kLanes); });
  }
  static void store(float* p, F v) {
#pragma GCC unroll 4
    for (int i = 0; i < kCount; ++i) V::store(p + i * V::kLanes, v.each[i]);
  }

#define SPYRE_OF_TWO(name, Type)                                           \
  static Type name(Type a, Type b) {                                       \
    return of<Type>([&](int i) { return V::name(a.each[i], b.each[i]); }); \
  }
  SPYRE_OF_TWO(add, F)
  SPYRE_OF_TWO(sub, F)
  SPYRE_OF_TWO(mul, F)
  SPYRE_OF_TWO(div, F)
  SPYRE_OF_TWO(max, F)
  SPYRE_OF_TWO(min, F)
  SPYRE_OF_TWO(scale, F)
  SPYRE_OF_TWO(copy_sign, F)
  SPYRE_OF_TWO(add, I)
  SPYRE_OF_TWO(sub, I)
#undef SPYRE_OF_TWO

  static F fma(F a, F b, F c) {
    return of<F>([&](int i) { return V::fma(a.each[i], b.each[i], c.each[i]); });
  }
  static F abs(F a) {
    return of<F>([&](int i) { return V::abs(a.each[i]); });
  }
  static F select_less(F a, F b, F yes, F no) {
    return of<F>(
        [&](int i) { return V::select_less(a.each[i], b.each[i], yes.each[i], no.each[i]); });
  }
  static I bits(F a) {
    return of<I>([&](int i) { return V::bits(a.each[i]); });
  }
  static F from_bits(I a) {
    return of<F>([&](int i) { return V::from_bits(a.each[i]); });
  }
  template <int kBits>
  static I shift_left(I a) {
    return of<I>([&](int i) { return V::template shift_left<kBits>(a.each[i]); });
  }
  template <int kBits>
  static I shift_right(I a) {
    return of<I>([&](int i) { return V::template shift_right<kBits>(a.each[i]); });
  }
};

}  // namespace
}  // namespace spyre::kernels
