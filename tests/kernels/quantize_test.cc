#include "kernels/layout.h"
#include "kernels/samples.h"

namespace spyre::kernels::test {
namespace {

std::vector<QuantizedBlock> quantize(Isa isa, const std::vector<float>& x) {
  const auto columns = static_cast<int64_t>(x.size());
  std::vector<QuantizedBlock> out(quantized_row_bytes(columns) / sizeof(QuantizedBlock));
  kernel_table(isa).quantize_row(x.data(), columns, reinterpret_cast<std::byte*>(out.data()));
  return out;
}

bool same(const QuantizedBlock& a, const QuantizedBlock& b) {
  return std::memcmp(a.q, b.q, sizeof(a.q)) == 0 &&
         std::memcmp(a.half_sums, b.half_sums, sizeof(a.half_sums)) == 0 &&
         same_bits({a.scale, a.scaled_sum}, {b.scale, b.scaled_sum});
}

TEST(Quantize, IsHalfAStepOff) {
  Random random(1);
  const std::vector<float> x = random_floats(random, 100, Spread::kMild);
  const std::vector<QuantizedBlock> blocks = quantize(Isa::kScalar, x);
  ASSERT_EQ(blocks.size(), 4u);
  for (size_t i = 0; i < 128; ++i) {
    const QuantizedBlock& block = blocks[i / 32];
    const int8_t q = block.q[i % 32];
    EXPECT_LE(std::abs(int{q}), 127);
    if (i < x.size()) {
      EXPECT_NEAR(block.scale * static_cast<float>(q), x[i], 0.5001f * block.scale);
    } else {
      EXPECT_EQ(q, 0);  // beyond the row
    }
  }
}

TEST(Quantize, KeepsTheSums) {
  Random random(2);
  for (const QuantizedBlock& block :
       quantize(Isa::kScalar, random_floats(random, 320, Spread::kMild))) {
    int sums[2] = {0, 0};
    for (int i = 0; i < 32; ++i) sums[i / 16] += block.q[i];
    EXPECT_EQ(block.half_sums[0], sums[0]);
    EXPECT_EQ(block.half_sums[1], sums[1]);
    EXPECT_EQ(block.scaled_sum, block.scale * static_cast<float>(sums[0] + sums[1]));
  }
}

TEST(Quantize, TiesGoToEven) {
  std::vector<float> x(32, 0.0f);
  x[0] = 127.0f;
  x[1] = 0.5f;
  x[2] = 1.5f;
  x[3] = -2.5f;
  const QuantizedBlock block = quantize(Isa::kScalar, x)[0];
  EXPECT_EQ(block.scale, 1.0f);
  EXPECT_EQ(block.q[0], 127);
  EXPECT_EQ(block.q[1], 0);
  EXPECT_EQ(block.q[2], 2);
  EXPECT_EQ(block.q[3], -2);
}

TEST(Quantize, ZerosAndTinyBlocksHaveScaleZero) {
  for (const float value : {0.0f, -0.0f, 1e-42f, 0x1p-101f}) {
    const QuantizedBlock block = quantize(Isa::kScalar, std::vector<float>(32, value))[0];
    EXPECT_EQ(block.scale, 0.0f);
    EXPECT_EQ(block.q[7], 0);
  }
}

TEST(Quantize, WhatIsNotFinitePoisonsItsBlockOnly) {
  for (const float value :
       {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
        std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> x(64, 1.0f);
    x[40] = value;
    const std::vector<QuantizedBlock> blocks = quantize(Isa::kScalar, x);
    EXPECT_EQ(blocks[0].scale, 1.0f / 127.0f);
    EXPECT_TRUE(std::isnan(blocks[1].scale));
    EXPECT_TRUE(std::isnan(blocks[1].scaled_sum));
  }
}

class QuantizeTier : public testing::TestWithParam<Isa> {};

TEST_P(QuantizeTier, HasTheBitsOfScalar) {
  SPYRE_SKIP_WITHOUT(GetParam());
  Random random(3);
  for (const size_t columns : {1u, 15u, 32u, 33u, 63u, 576u}) {
    for (const Spread spread : {Spread::kMild, Spread::kExtreme}) {
      std::vector<float> x = random_floats(random, columns, spread);
      if (columns == 63) x[40] = std::numeric_limits<float>::quiet_NaN();
      if (columns == 33) x[32] = std::numeric_limits<float>::infinity();
      const auto expected = quantize(Isa::kScalar, x);
      const auto found = quantize(GetParam(), x);
      ASSERT_EQ(expected.size(), found.size());
      for (size_t i = 0; i < expected.size(); ++i) {
        EXPECT_TRUE(same(expected[i], found[i])) << columns << " columns, block " << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tiers, QuantizeTier, testing::ValuesIn(vector_tiers()),
                         [](const auto& each) { return isa_name(each.param); });

}  // namespace
}  // namespace spyre::kernels::test
