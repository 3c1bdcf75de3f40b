// The conversions against the hardware's where it has them, and against the definition: the nearest
// of the two neighbours, the even one of a tie.
#include "base/half.h"

#include <gtest/gtest.h>
#include <immintrin.h>

#include <array>
#include <cmath>
#include <limits>

#include "base/cpu.h"

namespace spyre {
namespace {

uint32_t bits(float f) { return std::bit_cast<uint32_t>(f); }
float from_bits(uint32_t u) { return std::bit_cast<float>(u); }

// Floats around every place where rounding can turn: each 16-bit value's own float, the middle to
// the next, and their neighbours; then a stride through all floats.
template <typename Check>
void for_floats(float (*to_f32)(uint16_t), Check check) {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    const uint32_t own = bits(to_f32(static_cast<uint16_t>(h)));
    const uint32_t next = bits(to_f32(static_cast<uint16_t>((h & 0x8000) | ((h + 1) & 0x7fff))));
    const uint32_t middle = own + (next - own) / 2;
    for (const uint32_t base : {own, middle}) {
      for (uint32_t offset = 0; offset < 5; ++offset) check(from_bits(base + offset - 2));
    }
  }
  for (uint64_t u = 0; u <= 0xffffffffu; u += 1009) check(from_bits(static_cast<uint32_t>(u)));
}

[[gnu::target("f16c,avx")]] uint16_t hardware_f16(float f) {
  return static_cast<uint16_t>(_mm_extract_epi16(
      _mm_cvtps_ph(_mm_set1_ps(f), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), 0));
}

[[gnu::target("f16c,avx")]] float hardware_f32(uint16_t h) {
  return _mm_cvtss_f32(_mm_cvtph_ps(_mm_set1_epi16(static_cast<short>(h))));
}

// The definition: of all 16-bit values the nearest, found by walking up from below.
template <typename ToF32>
uint16_t nearest(float f, ToF32 to_f32, uint16_t infinity) {
  const auto sign = static_cast<uint16_t>((bits(f) >> 16) & 0x8000u);
  const double magnitude = std::fabs(static_cast<double>(f));
  uint16_t low = 0;
  uint16_t high = infinity;
  while (high - low > 1) {
    const auto middle = static_cast<uint16_t>((low + high) / 2);
    (static_cast<double>(to_f32(middle)) <= magnitude ? low : high) = middle;
  }
  const double below = to_f32(low);
  // Past the largest finite value the next one would have stood as far away as the one before.
  const double above = high == infinity ? below + (below - static_cast<double>(to_f32(low - 1)))
                                        : static_cast<double>(to_f32(high));
  if (std::isinf(f)) return static_cast<uint16_t>(sign | infinity);
  const double down = magnitude - below;
  const double up = above - magnitude;
  const bool take_low = down < up || (down == up && low % 2 == 0);
  return static_cast<uint16_t>(sign | (take_low ? low : high));
}

TEST(Half, F16AsTheHardwareBitForBit) {
  if (!detect_cpu_features().avx2) GTEST_SKIP() << "no F16C here";
  for (uint32_t h = 0; h < 0x10000; ++h) {
    const auto half = static_cast<uint16_t>(h);
    ASSERT_EQ(bits(f16_to_f32(half)), bits(hardware_f32(half))) << h;
  }
  for_floats(f16_to_f32, [](float f) {
    ASSERT_EQ(f32_to_f16(f), hardware_f16(f)) << std::hexfloat << f << " " << bits(f);
  });
}

TEST(Half, F16ByDefinition) {
  for (uint32_t h = 0; h < 0x7c00; h += 7) {
    const float own = f16_to_f32(static_cast<uint16_t>(h));
    const float next = f16_to_f32(static_cast<uint16_t>(h + 1));
    for (const float f : {own, -own, own + (next - own) / 2, std::nextafter(own, 1e9f)}) {
      if (std::isnan(f) || std::isinf(next)) continue;
      ASSERT_EQ(f32_to_f16(f), nearest(f, f16_to_f32, 0x7c00)) << std::hexfloat << f;
    }
  }
  EXPECT_EQ(f32_to_f16(65519.99f), 0x7bff);
  EXPECT_EQ(f32_to_f16(65520.0f), 0x7c00);
  EXPECT_EQ(f32_to_f16(-std::numeric_limits<float>::infinity()), 0xfc00);
}

TEST(Half, Bf16ByDefinition) {
  for_floats(bf16_to_f32, [](float f) {
    if (std::isnan(f)) {
      ASSERT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(f)))) << bits(f);
      return;
    }
    ASSERT_EQ(f32_to_bf16(f), nearest(f, bf16_to_f32, 0x7f80)) << std::hexfloat << f;
  });
}

[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]] uint16_t hardware_bf16(float f) {
  const __m128bh converted = _mm_cvtneps_pbh(_mm_set1_ps(f));
  return std::bit_cast<std::array<uint16_t, 8>>(converted)[0];
}

TEST(Half, Bf16AsTheHardwareButForSubnormals) {
  if (!detect_cpu_features().avx512_bf16) GTEST_SKIP() << "no AVX512_BF16 here";
  for_floats(bf16_to_f32, [](float f) {
    if (f != 0 && std::fabs(f) < std::numeric_limits<float>::min()) return;
    ASSERT_EQ(f32_to_bf16(f), hardware_bf16(f)) << std::hexfloat << f << " " << bits(f);
  });
}

TEST(Half, RoundTrips) {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    const auto half = static_cast<uint16_t>(h);
    if (!std::isnan(f16_to_f32(half))) {
      ASSERT_EQ(f32_to_f16(f16_to_f32(half)), half);
    }
    if (!std::isnan(bf16_to_f32(half))) {
      ASSERT_EQ(f32_to_bf16(bf16_to_f32(half)), half);
    }
  }
}

}  // namespace
}  // namespace spyre
