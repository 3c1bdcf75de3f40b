#include "sample/softmax.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sample/rows.h"

namespace spyre::sample {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Softmax, WeightsAreExponentialsWithinTwoUnits) {
  for (int i = 0; i <= 870'000; ++i) {
    const float x = static_cast<float>(i) * -1e-4f;
    const double wanted = std::exp(static_cast<double>(x));
    const double found = weight(x, 0, {.max = 0});
    ASSERT_NEAR(found / wanted, 1.0, 2 * std::numeric_limits<float>::epsilon()) << x;
  }
  EXPECT_EQ(weight(0, 0, {.max = 0}), 1.0f);
  EXPECT_EQ(weight(-87.1f, 0, {.max = 0}), 0.0f);
  EXPECT_EQ(weight(-kInf, 0, {.max = 0}), 0.0f);
  EXPECT_EQ(weight(-3e38f, 0, {.max = 3e38f, .inverse_temperature = 1e5f}), 0.0f);
  EXPECT_TRUE(std::isnan(weight(kNan, 0, {.max = 0})));
}

TEST(Softmax, TemperatureDividesAndTheCutDrops) {
  const Weighting half{.max = 1, .inverse_temperature = 2};
  EXPECT_NEAR(weight(0.5f, 0, half), std::exp(-1.0), 1e-7);
  const Cut cut{.logit = 0.5f, .last_id = 3};
  EXPECT_TRUE(cut.keeps(0.6f, 9));
  EXPECT_TRUE(cut.keeps(0.5f, 3));
  EXPECT_FALSE(cut.keeps(0.5f, 4));
  EXPECT_FALSE(cut.keeps(0.4f, 0));
  EXPECT_EQ(weight(0.5f, 4, {.max = 1, .cut = cut}), 0.0f);
  EXPECT_GT(weight(0.5f, 3, {.max = 1, .cut = cut}), 0.0f);
}

// Lengths around the lanes and blocks of the passes.
TEST(Softmax, SumsOverAnyLength) {
  for (const size_t vocab : {1, 2, 15, 16, 17, 255, 256, 257, 1000, 49152, 50257}) {
    const auto row = random_row(vocab, vocab);
    double max = -kInf;
    for (const float x : row) max = std::max<double>(max, x);
    double wanted = 0;
    for (const float x : row) wanted += std::exp(x - max);
    EXPECT_NEAR(log_sum_exp(row), max + std::log(wanted), 1e-6) << vocab;
    EXPECT_EQ(max_logit(row), static_cast<float>(max));
    EXPECT_EQ(max_or_nan(row), static_cast<float>(max));
    EXPECT_EQ(first_max(row, max_logit(row)), sorted_ids(row)[0]);
  }
}

// Whatever instruction set the sum runs on, its bits are those of single weights in sixteen lanes.
TEST(Softmax, BlocksAddSingleWeightsInLanes) {
  for (const size_t count : {1, 17, 100, 256}) {
    const auto row = random_row(count, count, 6);
    const Weighting weighting{
        .max = max_logit(row), .inverse_temperature = 1.3f, .cut = {.logit = row[0], .last_id = 9}};
    float lanes[16] = {};
    for (size_t i = 0; i < count; ++i) {
      lanes[i % 16] += weight(row[i], static_cast<int32_t>(i + 5), weighting);
    }
    for (size_t half = 8; half > 0; half /= 2) {
      for (size_t lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
    }
    EXPECT_EQ(block_weight(row, 5, weighting), lanes[0]);
  }
}

TEST(Softmax, ARowWithoutADistributionHasNoNormaliser) {
  for (const float bad : {kNan, kInf, -kNan}) {
    for (const size_t place : {0, 7, 16, 299}) {
      auto row = random_row(300, 1);
      row[place] = bad;
      EXPECT_EQ(std::isfinite(max_or_nan(row)), false) << bad << " at " << place;
      EXPECT_TRUE(std::isnan(log_sum_exp(row))) << bad << " at " << place;
    }
  }
  EXPECT_TRUE(std::isnan(log_sum_exp(std::vector<float>(20, -kInf))));
  std::vector<float> masked(20, -kInf);
  masked[4] = 2;
  EXPECT_EQ(log_sum_exp(masked), 2);
}

TEST(Softmax, FirstOfEqualMaximaWins) {
  EXPECT_EQ(first_max(std::vector<float>{1, 3, 2, 3}, 3), 1);
  EXPECT_EQ(first_max(std::vector<float>{0.0f, -0.0f}, -0.0f), 0);
}

}  // namespace
}  // namespace spyre::sample
