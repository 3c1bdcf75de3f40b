// Elementwise kernels, rope and the norms, over a vector wrapper. Promises are in kernels.h.
#pragma once

#include "kernels/lanes.h"
#include "kernels/math.h"
#include "kernels/vec_several.h"

namespace spyre::kernels {
namespace {

template <typename V, typename Function>
void map(const float* x, float* out, int64_t n, Function function) {
  for_vectors<V>(n, [&](int64_t at, int64_t count) {
    store_some<V>(out + at, function(load_some<V>(x + at, count)), count);
  });
}

// The same for long functions, function(Wrapper, x): as many vectors at once as the registers hold.
template <typename V, typename Function>
void map_long(const float* x, float* out, int64_t n, Function function) {
  using Wide = Several<V, V::kLanes == 16 ? 4 : 2>;
  int64_t i = 0;
  for (; i + Wide::kLanes <= n; i += Wide::kLanes) {
    Wide::store(out + i, function(Wide(), Wide::load(x + i)));
  }
  map<V>(x + i, out + i, n - i, [&](typename V::F v) { return function(V(), v); });
}

template <typename V>
void silu(const float* x, float* out, int64_t n) {
  map_long<V>(x, out, n, [](auto wrapper, auto v) {
    using W = decltype(wrapper);
    const typename W::F decay = exp<W>(W::sub(W::set1(-0.0f), v));
    return W::div(v, W::add(W::set1(1.0f), decay));
  });
}

template <typename V>
void gelu(const float* x, float* out, int64_t n) {
  map_long<V>(x, out, n, [](auto wrapper, auto v) {
    using W = decltype(wrapper);
    const typename W::F e = erf<W>(W::mul(v, W::set1(0.707106769f)));
    return W::mul(W::mul(W::set1(0.5f), v), W::add(W::set1(1.0f), e));
  });
}

template <typename V>
void gelu_tanh(const float* x, float* out, int64_t n) {
  map_long<V>(x, out, n, [](auto wrapper, auto v) {
    using W = decltype(wrapper);
    const typename W::F cubic = W::fma(W::mul(W::mul(v, v), v), W::set1(0.0447149985f), v);
    const typename W::F t = tanh<W>(W::mul(W::set1(0.797884583f), cubic));
    return W::mul(W::mul(W::set1(0.5f), v), W::add(W::set1(1.0f), t));
  });
}

template <typename V>
void relu(const float* x, float* out, int64_t n) {
  map<V>(x, out, n, [](typename V::F v) { return V::max(V::zero(), v); });
}

template <typename V>
void tanh(const float* x, float* out, int64_t n) {
  map<V>(x, out, n, [](typename V::F v) { return tanh<V>(v); });
}

template <typename V>
void scale(const float* x, float factor, float* out, int64_t n) {
  map<V>(x, out, n, [factor](typename V::F v) { return V::mul(v, V::set1(factor)); });
}

template <typename V>
void mean_rows(const float* x, float* out, int64_t rows, int64_t columns) {
  const auto divisor = V::set1(static_cast<float>(rows));
  for_vectors<V>(columns, [&](int64_t at, int64_t count) {
    typename V::F sum = load_some<V>(x + at, count);
    for (int64_t row = 1; row < rows; ++row) {
      sum = V::add(sum, load_some<V>(x + row * columns + at, count));
    }
    store_some<V>(out + at, V::div(sum, divisor), count);
  });
}

template <typename V>
void max_rows(const float* x, float* out, int64_t rows, int64_t columns) {
  for_vectors<V>(columns, [&](int64_t at, int64_t count) {
    typename V::F largest = load_some<V>(x + at, count);
    for (int64_t row = 1; row < rows; ++row) {
      largest = V::max(load_some<V>(x + row * columns + at, count), largest);
    }
    store_some<V>(out + at, largest, count);
  });
}

template <typename V>
void add(const float* a, const float* b, float* out, int64_t n) {
  for_vectors<V>(n, [&](int64_t at, int64_t count) {
    const typename V::F sum = V::add(load_some<V>(a + at, count), load_some<V>(b + at, count));
    store_some<V>(out + at, sum, count);
  });
}

template <typename V>
void mul(const float* a, const float* b, float* out, int64_t n) {
  for_vectors<V>(n, [&](int64_t at, int64_t count) {
    const typename V::F product = V::mul(load_some<V>(a + at, count), load_some<V>(b + at, count));
    store_some<V>(out + at, product, count);
  });
}

// Half a bf16 step, less one bit when the kept part is even, then the low bits go. A NaN keeps its
// high bits and becomes quiet.
template <typename V>
void round_bf16(const float* x, float* out, int64_t n) {
  map<V>(x, out, n, [](typename V::F v) {
    const typename V::I kept = V::int1(static_cast<int32_t>(0xffff0000u));
    const typename V::I u = V::bits(v);
    const typename V::I odd = V::bit_and(V::template shift_right<16>(u), V::int1(1));
    const typename V::I rounded = V::bit_and(V::add(V::add(u, V::int1(0x7fff)), odd), kept);
    const typename V::I quiet = V::bit_and(V::bit_or(u, V::int1(0x400000)), kept);
    return V::select_nan(v, V::from_bits(quiet), V::from_bits(rounded));
  });
}

template <typename V>
void round_f16(const float* x, float* out, int64_t n) {
  map<V>(x, out, n, [](typename V::F v) {
    const typename V::F low = V::max(V::set1(-65504.0f), V::min(V::set1(65504.0f), v));
    return V::through_f16(low);
  });
}

template <typename V>
void rope(float* head, const float* cosines, const float* sines, int64_t rotary) {
  const int64_t half = rotary / 2;
  for_vectors<V>(half, [&](int64_t at, int64_t count) {
    const typename V::F a = load_some<V>(head + at, count);
    const typename V::F b = load_some<V>(head + half + at, count);
    const typename V::F c = load_some<V>(cosines + at, count);
    const typename V::F s = load_some<V>(sines + at, count);
    store_some<V>(head + at, V::sub(V::mul(a, c), V::mul(b, s)), count);
    store_some<V>(head + half + at, V::add(V::mul(b, c), V::mul(a, s)), count);
  });
}

template <typename V>
float inverse_root(float mean_square, float eps) {
  return first_lane<V>(V::div(V::set1(1.0f), V::sqrt(V::set1(mean_square + eps))));
}

template <typename V>
void rms_norm(const float* x, const float* w, float* out, int64_t n, float eps,
              float weight_offset) {
  using F = typename V::F;
  Lanes16<V> squares(0.0f);
  squares.accumulate(n, [&](F& part, int64_t at, int64_t count) {
    const F v = load_some<V>(x + at, count);
    part = V::fma(v, v, part);
  });
  const F inverse = V::set1(inverse_root<V>(squares.sum() / static_cast<float>(n), eps));
  for_vectors<V>(n, [&](int64_t at, int64_t count) {
    const F weight = V::add(load_some<V>(w + at, count), V::set1(weight_offset));
    store_some<V>(out + at, V::mul(V::mul(load_some<V>(x + at, count), inverse), weight), count);
  });
}

template <typename V>
void layer_norm(const float* x, const float* w, const float* b, float* out, int64_t n, float eps) {
  using F = typename V::F;
  const auto elements = static_cast<float>(n);
  Lanes16<V> total(0.0f);
  total.accumulate(n, [&](F& part, int64_t at, int64_t count) {
    part = V::add(part, load_some<V>(x + at, count));
  });
  const float mean = total.sum() / elements;
  Lanes16<V> squares(0.0f);
  squares.accumulate(n, [&](F& part, int64_t at, int64_t count) {
    // Lanes past the end must add 0, not mean^2.
    const F v = V::sub(load_some<V>(x + at, count), V::set1(mean));
    float kept[V::kLanes];
    V::store(kept, v);
    const F some = load_some<V>(kept, count);
    part = V::fma(some, some, part);
  });
  const F inverse = V::set1(inverse_root<V>(squares.sum() / elements, eps));
  for_vectors<V>(n, [&](int64_t at, int64_t count) {
    const F centred = V::sub(load_some<V>(x + at, count), V::set1(mean));
    const F scaled = V::mul(V::mul(centred, inverse), load_some<V>(w + at, count));
    const F shifted = b == nullptr ? scaled : V::add(scaled, load_some<V>(b + at, count));
    store_some<V>(out + at, shifted, count);
  });
}

template <typename V>
void softmax(const float* x, float* out, int64_t n) {
  using F = typename V::F;
  Lanes16<V> largest(-__builtin_inff());
  largest.accumulate(n, [&](F& part, int64_t at, int64_t count) {
    // Lanes past the end load as 0, which is no maximum of theirs: reload them as what part holds.
    if (count < V::kLanes) {
      float kept[V::kLanes];
      V::store(kept, part);
      store_some<V>(kept, V::max(load_some<V>(x + at, count), part), count);
      part = V::load(kept);
      return;
    }
    part = V::max(V::load(x + at), part);
  });
  const F top = V::set1(largest.max());
  Lanes16<V> total(0.0f);
  total.accumulate(n, [&](F& part, int64_t at, int64_t count) {
    const F p = exp<V>(V::sub(load_some<V>(x + at, count), top));
    store_some<V>(out + at, p, count);
    part = V::add(part, load_some<V>(out + at, count));
  });
  const F sum = V::set1(total.sum());
  for_vectors<V>(n, [&](int64_t at, int64_t count) {
    store_some<V>(out + at, V::div(load_some<V>(out + at, count), sum), count);
  });
}

}  // namespace
}  // namespace spyre::kernels
