// exp, tanh and erf over a vector wrapper: the same polynomial, in the same order of fused
// multiply-adds, in every tier. Coefficients are Chebyshev fits made for these intervals. NaN in,
// NaN out.
#pragma once

#include <cstddef>
#include <cstdint>

namespace spyre::kernels {
namespace {

// coefficients in descending order of power; Horner with FMA.
template <typename V, int kCount>
typename V::F polynomial(typename V::F x, const float (&coefficients)[kCount]) {
  typename V::F sum = V::set1(coefficients[0]);
#pragma GCC unroll 9
  for (int i = 1; i < kCount; ++i) sum = V::fma(sum, x, V::set1(coefficients[i]));
  return sum;
}

// Adding 1.5 * 2^23 rounds to an integer (nearest even), which is then in the low bits of the sum.
inline constexpr float kRoundMagic = 0x1.8p23f;

// |x| < 2^21. A NaN gives some integer.
template <typename V>
typename V::I round_to_int(typename V::F x) {
  const typename V::F magic = V::set1(kRoundMagic);
  return V::sub(V::bits(V::add(x, magic)), V::bits(magic));
}

// 2^n for n in [-126, 127].
template <typename V>
typename V::F power_of_two(typename V::I n) {
  return V::from_bits(V::template shift_left<23>(V::add(n, V::int1(127))));
}

// x * 2^n for n in [-150, 128], rounded once; shifted: n + kRoundMagic.
template <typename V>
typename V::F times_power_of_two(typename V::F x, typename V::F shifted) {
  const typename V::F magic = V::set1(kRoundMagic);
  if constexpr (V::kScales) {
    return V::scale(x, V::sub(shifted, magic));
  } else {
    // Two factors, the first of which is exact. Biased so that the halving shift, which fills with
    // zeros, sees a positive number. A NaN's n is some integer.
    const typename V::I n = V::sub(V::bits(shifted), V::bits(magic));
    const typename V::I half =
        V::sub(V::template shift_right<1>(V::add(n, V::int1(256))), V::int1(128));
    return V::mul(V::mul(x, power_of_two<V>(half)), power_of_two<V>(V::sub(n, half)));
  }
}

// e^x within 1.5 ulp, subnormal results included; overflow gives infinity. x = n ln 2 + r, |r| <=
// ln 2 / 2, e^r = 1 + r + r^2 P(r); ln 2 in two parts (Cody and Waite).
template <typename V>
typename V::F exp(typename V::F x) {
  using F = typename V::F;
  constexpr float kP[] = {0.00139269268f, 0.00836377405f, 0.0416665487f, 0.166665733f, 0.5f};
  x = V::max(V::set1(-104.0f), V::min(V::set1(89.0f), x));
  const F magic = V::set1(kRoundMagic);
  const F shifted = V::add(V::mul(x, V::set1(1.44269502f)), magic);
  const F whole = V::sub(shifted, magic);
  F r = V::fma(whole, V::set1(-0.693147182f), x);
  r = V::fma(whole, V::set1(1.9046543e-09f), r);
  const F e = V::add(V::fma(V::mul(r, r), polynomial<V>(r, kP), r), V::set1(1.0f));
  return times_power_of_two<V>(e, shifted);
}

// Within 3 ulp: x + x^3 P(x^2) below 0.625, 1 - 2 / (e^2|x| + 1) above.
template <typename V>
typename V::F tanh(typename V::F x) {
  using F = typename V::F;
  constexpr float kP[] = {-0.00599296112f, 0.0209241491f, -0.0538351424f, 0.133326635f,
                          -0.333333284f};
  const F a = V::abs(x);
  const F square = V::mul(x, x);
  const F small = V::fma(V::mul(square, a), polynomial<V>(square, kP), a);
  const F power = exp<V>(V::add(a, a));
  const F one = V::set1(1.0f);
  const F large = V::sub(one, V::div(V::set1(2.0f), V::add(power, one)));
  return V::copy_sign(V::select_less(a, V::set1(0.625f), small, large), x);
}

// Within 3 ulp: x P(x^2) below 0.92, 1 - e^Q(|x|) with Q fitted to log erfc above; 1 from 4 on.
template <typename V>
typename V::F erf(typename V::F x) {
  using F = typename V::F;
  constexpr float kP[] = {-0.000587650575f, 0.00497079734f, -0.0267514996f,
                          0.112814076f,     -0.376124561f,  1.12837911f};
  constexpr float kQ[] = {1.64306368e-06f, -4.61638592e-05f, 0.000597585749f,
                          -0.00476262579f, 0.0264276378f,    -0.110087164f,
                          -0.631823897f,   -1.13023102f,     0.000318539649f};
  const F a = V::abs(x);
  const F small = V::mul(a, polynomial<V>(V::mul(x, x), kP));
  const F log_erfc = polynomial<V>(V::min(V::set1(4.0f), a), kQ);
  const F large = V::sub(V::set1(1.0f), exp<V>(log_erfc));
  return V::copy_sign(V::select_less(a, V::set1(0.92f), small, large), x);
}

}  // namespace
}  // namespace spyre::kernels
