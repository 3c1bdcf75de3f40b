#include "sample/penalties.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace spyre::sample {
namespace {

std::vector<float> applied(const Penalties& penalties, std::vector<float> row) {
  penalties.apply(row);
  return row;
}

TEST(Penalties, OffByDefault) {
  Penalties penalties({}, std::vector<int32_t>{1, 2}, 10);
  penalties.append(3);
  EXPECT_FALSE(penalties.any());
}

TEST(Penalties, RepetitionCountsPromptAndOutputOnce) {
  Penalties penalties({.repetition_penalty = 2}, std::vector<int32_t>{0, 1, 1, 99, -1}, 5);
  penalties.append(2);
  penalties.append(2);
  EXPECT_TRUE(penalties.any());
  EXPECT_EQ(applied(penalties, {4, -4, 6, 4, -4}), (std::vector<float>{2, -8, 3, 4, -4}));
}

TEST(Penalties, FrequencyAndPresenceCountOutputOnly) {
  Penalties penalties({.presence_penalty = 0.5f, .frequency_penalty = 0.25f},
                      std::vector<int32_t>{0, 1}, 5);
  EXPECT_EQ(applied(penalties, {1, 1, 1, 1, 1}), (std::vector<float>{1, 1, 1, 1, 1}));
  for (const int32_t id : {1, 2, 2, 2}) penalties.append(id);
  EXPECT_EQ(applied(penalties, {1, 1, 1, 1, 1}), (std::vector<float>{1, 0.25f, -0.25f, 1, 1}));
}

TEST(Penalties, RepetitionComesBeforeTheOthers) {
  Penalties penalties({.presence_penalty = 1, .repetition_penalty = 2}, {}, 2);
  EXPECT_FALSE(penalties.any());
  penalties.append(0);
  EXPECT_EQ(applied(penalties, {4, 4}), (std::vector<float>{1, 4}));
}

TEST(Penalties, MaskedStaysMaskedAndTheRestFinite) {
  constexpr float kMasked = -std::numeric_limits<float>::infinity();
  constexpr float kLargest = std::numeric_limits<float>::max();
  Penalties tiny({.repetition_penalty = 1e-38f}, std::vector<int32_t>{0, 1}, 3);
  EXPECT_EQ(applied(tiny, {kMasked, 10, 1}), (std::vector<float>{kMasked, kLargest, 1}));
  Penalties huge({.repetition_penalty = 1e38f}, std::vector<int32_t>{0, 1}, 3);
  EXPECT_EQ(applied(huge, {kMasked, -10, 1}), (std::vector<float>{kMasked, -kLargest, 1}));
}

// Against counting in a vocabulary-sized array, past max_tokens too.
TEST(Penalties, ManyTokens) {
  constexpr size_t kVocab = 3000;
  std::mt19937 engine(1);
  const auto token = [&] { return static_cast<int32_t>(engine() % kVocab); };
  std::vector<int32_t> prompt(500);
  for (int32_t& id : prompt) id = token();
  std::vector<bool> seen(kVocab);
  std::vector<int> count(kVocab);
  for (const int32_t id : prompt) seen[static_cast<size_t>(id)] = true;
  Penalties penalties({.frequency_penalty = 1, .repetition_penalty = 4, .max_tokens = 100}, prompt,
                      kVocab);
  for (int i = 0; i < 2000; ++i) {
    const int32_t id = token();
    penalties.append(id);
    seen[static_cast<size_t>(id)] = true;
    ++count[static_cast<size_t>(id)];
  }
  const auto row = applied(penalties, std::vector<float>(kVocab, 8));
  for (size_t i = 0; i < kVocab; ++i) {
    ASSERT_EQ(row[i], (seen[i] ? 2.0f : 8.0f) - static_cast<float>(count[i])) << i;
  }
}

}  // namespace
}  // namespace spyre::sample
