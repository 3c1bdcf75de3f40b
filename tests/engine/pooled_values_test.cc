#include "engine/pooled_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace spyre::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;

constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(PooledValues, VectorsGetLengthOne) {
  std::vector<float> values = {3, 4};
  normalise(values);
  EXPECT_THAT(values, ElementsAre(0.6f, 0.8f));
  std::vector<float> tiny = {3e-38f, -4e-38f};  // its square is no float
  normalise(tiny);
  EXPECT_THAT(tiny, ElementsAre(FloatEq(0.6f), FloatEq(-0.8f)));
  std::vector<float> huge = {3e38f, 0};
  normalise(huge);
  EXPECT_THAT(huge, ElementsAre(1, 0));
}

TEST(PooledValues, ZerosStayZeros) {
  std::vector<float> zeros = {0, 0};
  normalise(zeros);
  EXPECT_THAT(zeros, ElementsAre(0, 0));
  std::vector<float> none;
  normalise(none);
}

TEST(PooledValues, AShorterVectorIsScaledAfterTheCut) {
  const std::vector<float> pooled = {3, 4, 12};
  EXPECT_THAT(embedding(pooled, 2, true), ElementsAre(0.6f, 0.8f));
  EXPECT_THAT(embedding(pooled, 2, false), ElementsAre(3, 4));
  EXPECT_THAT(embedding(pooled, 3, false), ElementsAre(3, 4, 12));
}

TEST(PooledValues, Sigmoid) {
  EXPECT_EQ(sigmoid(0), 0.5f);
  EXPECT_NEAR(sigmoid(2), 0.880797, 1e-6);
  EXPECT_NEAR(sigmoid(-2), 0.119203, 1e-6);
  EXPECT_EQ(sigmoid(1e30f), 1);
  EXPECT_EQ(sigmoid(-kInf), 0);
  EXPECT_TRUE(std::isnan(sigmoid(std::nanf(""))));
}

TEST(PooledValues, ProbabilitiesOfLabels) {
  EXPECT_THAT(label_probabilities(std::vector<float>{0, std::log(3.0f)}, true),
              ElementsAre(FloatEq(0.25f), FloatEq(0.75f)));
  EXPECT_THAT(label_probabilities(std::vector<float>{1e38f, -1e38f}, true), ElementsAre(1, 0));
  EXPECT_THAT(label_probabilities(std::vector<float>{0, 2}, false),
              ElementsAre(0.5f, FloatEq(0.880797f)));
}

TEST(PooledValues, ASingleLabelStandsForItself) {
  EXPECT_THAT(label_probabilities(std::vector<float>{2}, true), ElementsAre(FloatEq(0.880797f)));
  EXPECT_TRUE(label_probabilities({}, true).empty());
}

TEST(PooledValues, Cosine) {
  const std::vector<float> one = {1, 0};
  EXPECT_FLOAT_EQ(cosine_similarity(one, std::vector<float>{2, 2}), std::sqrt(0.5f));
  EXPECT_EQ(cosine_similarity(one, std::vector<float>{-5, 0}), -1);
  EXPECT_EQ(cosine_similarity(one, std::vector<float>{0, 0}), 0);
  const std::vector<float> thirds = {0.1f, 0.2f, 0.3f};
  EXPECT_LE(cosine_similarity(thirds, thirds), 1);
  EXPECT_TRUE(std::isnan(cosine_similarity(one, std::vector<float>{std::nanf(""), 0})));
}

}  // namespace
}  // namespace spyre::engine
