#include "base/half.h"
#include "kernels/samples.h"

namespace spyre::kernels::test {
namespace {

TEST(KernelTable, IsFull) {
  for (const Isa isa : kIsas) {
    const KernelTable& table = kernel_table(isa);
    EXPECT_EQ(table.isa, isa);
    for (const Format format : all_formats()) {
      const auto index = static_cast<size_t>(format);
      EXPECT_NE(table.matmul_f32[index], nullptr) << name(format);
      EXPECT_EQ(table.matmul_int8[index] == nullptr, is_float(format)) << name(format);
    }
  }
}

float stored(Format format, const std::vector<std::byte>& bytes, int64_t index) {
  if (format == Format::kF32) {
    float value;
    std::memcpy(&value, bytes.data() + index * 4, sizeof(value));
    return value;
  }
  uint16_t bits;
  std::memcpy(&bits, bytes.data() + index * 2, sizeof(bits));
  return format == Format::kF16 ? f16_to_f32(bits) : bf16_to_f32(bits);
}

TEST(WriteKv, PutsKeysInColumnsAndValuesInRows) {
  constexpr int64_t kHeadDim = 5;
  const std::vector<float> k = {1, -2, 3, 1e6f, 0.1f};
  const std::vector<float> v = {-1, 2, -3, -1e6f, 0.2f};
  for (const Format format : {Format::kF32, Format::kF16, Format::kBF16}) {
    std::vector<std::byte> keys(kHeadDim * kKvBlockTokens * 4);
    std::vector<std::byte> values(keys.size());
    write_kv(format, k.data(), v.data(), kHeadDim, 63, keys.data(), values.data());
    const auto rounded = [&](float x) {
      if (format == Format::kF32) return x;
      if (format == Format::kBF16) return bf16_to_f32(f32_to_bf16(x));
      return f16_to_f32(f32_to_f16(std::fmin(std::fmax(x, -65504.0f), 65504.0f)));
    };
    for (int64_t d = 0; d < kHeadDim; ++d) {
      const auto i = static_cast<size_t>(d);
      EXPECT_EQ(stored(format, keys, d * kKvBlockTokens + 63), rounded(k[i]));
      EXPECT_EQ(stored(format, keys, d * kKvBlockTokens + 62), 0.0f);
      EXPECT_EQ(stored(format, values, 63 * kHeadDim + d), rounded(v[i]));
    }
  }
}

TEST(WriteKv, KeepsANaN) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<std::byte> keys(size_t{2} * kKvBlockTokens);
  std::vector<std::byte> values(keys.size());
  write_kv(Format::kF16, &nan, &nan, 1, 0, keys.data(), values.data());
  EXPECT_TRUE(std::isnan(stored(Format::kF16, keys, 0)));
}

}  // namespace
}  // namespace spyre::kernels::test
