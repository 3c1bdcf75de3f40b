// Expected values: transformers' ROPE_INIT_FUNCTIONS, or by hand where they are exact.
#include "model/rope_frequencies.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/small_config.h"

namespace spyre::model {
namespace {

using checkpoint::ModelConfig;
using checkpoint::RopeScaling;

ModelConfig rotary_config() {
  ModelConfig config = testing::small_config("LlamaForCausalLM");
  config.head_dim = 8;
  config.rope_theta = 10000.0f;
  return config;
}

void expect_near(const std::vector<float>& found, const std::vector<float>& wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 1e-6f * wanted[i]);
}

TEST(RopeFrequencies, FallGeometrically) {
  const RopeFrequencies rope = rope_frequencies(rotary_config(), 64);
  expect_near(rope.values, {1.0f, 0.1f, 0.01f, 0.001f});
  EXPECT_EQ(rope.factor, 1.0f);
}

TEST(RopeFrequencies, PartialRotationHasFewer) {
  ModelConfig config = rotary_config();
  config.partial_rotary_factor = 0.5f;
  EXPECT_EQ(rotary_dim(config), 4);
  expect_near(rope_frequencies(config, 64).values, {1.0f, 0.01f});
}

TEST(RopeFrequencies, LinearDivides) {
  ModelConfig config = rotary_config();
  RopeScaling& scaling = config.rope_scaling;
  scaling.kind = RopeScaling::Kind::kLinear;
  scaling.factor = 4.0f;
  expect_near(rope_frequencies(config, 64).values, {0.25f, 0.025f, 0.0025f, 0.00025f});
}

// Wavelengths 6.3, 63, 628, 6283: kept below 100 / 4, divided above 100 / 1, between them mixed.
TEST(RopeFrequencies, Llama3KeepsFastDividesSlowAndMixesBetween) {
  ModelConfig config = rotary_config();
  RopeScaling& scaling = config.rope_scaling;
  scaling.kind = RopeScaling::Kind::kLlama3;
  scaling.factor = 8.0f;
  scaling.low_freq_factor = 1.0f;
  scaling.high_freq_factor = 4.0f;
  scaling.original_max_positions = 100;
  const float smooth = (100.0f * 0.1f / (2 * 3.14159265f) - 1.0f) / 3.0f;
  const float mixed = (1 - smooth) * 0.1f / 8.0f + smooth * 0.1f;
  expect_near(rope_frequencies(config, 64).values, {1.0f, mixed, 0.01f / 8, 0.001f / 8});
}

TEST(RopeFrequencies, LongRopeChoosesByModelLength) {
  ModelConfig config = rotary_config();
  RopeScaling& scaling = config.rope_scaling;
  scaling.kind = RopeScaling::Kind::kLongRope;
  scaling.original_max_positions = 64;
  scaling.short_factors = {1, 1, 2, 2};
  scaling.long_factors = {1, 2, 4, 8};
  scaling.attention_factor = 1.5f;
  expect_near(rope_frequencies(config, 64).values, {1.0f, 0.1f, 0.005f, 0.0005f});
  expect_near(rope_frequencies(config, 65).values, {1.0f, 0.05f, 0.0025f, 0.000125f});
  EXPECT_EQ(rope_frequencies(config, 65).factor, 1.5f);
}

TEST(RopeFrequencies, FrequencyFactorsOfGgufDivide) {
  ModelConfig config = rotary_config();
  RopeScaling& scaling = config.rope_scaling;
  scaling.kind = RopeScaling::Kind::kFrequencyFactors;
  scaling.long_factors = {1, 2, 4, 8};
  expect_near(rope_frequencies(config, 64).values, {1.0f, 0.05f, 0.0025f, 0.000125f});
}

}  // namespace
}  // namespace spyre::model
