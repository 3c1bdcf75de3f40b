#include "sample/logit_edits.h"

#include <gtest/gtest.h>

#include <limits>

#include "sample/token_mask.h"

namespace spyre::sample {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();
constexpr int64_t kVocab = 70;

// Ids that are masked in a row of ones.
std::vector<int32_t> masked(const LogitEdits& edits, int64_t generated) {
  std::vector<float> row(kVocab, 1.0f);
  edits.apply(row, generated);
  std::vector<int32_t> ids;
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i] == kMasked) ids.push_back(static_cast<int32_t>(i));
  }
  return ids;
}

TEST(TokenMask, LeavesWhatIsAllowed) {
  const std::vector<int32_t> allowed = {0, 31, 32, 69, 70, -1};
  const TokenMask mask(allowed, kVocab);
  ASSERT_EQ(mask.words().size(), 3u);
  EXPECT_EQ(mask.words()[0], 0x80000001u);
  std::vector<float> row(kVocab, 2.0f);
  apply_mask(mask.words(), row);
  for (size_t i = 0; i < row.size(); ++i) {
    const bool kept = i == 0 || i == 31 || i == 32 || i == 69;
    EXPECT_EQ(row[i], kept ? 2.0f : kMasked) << i;
  }
}

TEST(LogitEdits, NoneByDefault) {
  const LogitEdits edits({}, kVocab);
  EXPECT_FALSE(edits.any(0));
  EXPECT_TRUE(masked(edits, 0).empty());
}

TEST(LogitEdits, AllowedTokens) {
  const LogitEdits edits({.allowed_token_ids = {{3, 5}}}, kVocab);
  EXPECT_TRUE(edits.any(1000));
  EXPECT_EQ(masked(edits, 0).size(), 68u);
}

TEST(LogitEdits, BiasIsAddedClampedAndNeverUnmasks) {
  SamplingParams params{.logit_bias = {{1, 2.5f}, {2, 1000.0f}, {3, -1e30f}, {4, 100.0f}, {1, 1}}};
  params.allowed_token_ids = {{1, 2, 3}};
  const LogitEdits edits(params, kVocab);
  std::vector<float> row(kVocab, 1.0f);
  edits.apply(row, 0);
  EXPECT_EQ(row[1], 4.5f);
  EXPECT_EQ(row[2], 101.0f);
  EXPECT_EQ(row[3], -99.0f);
  EXPECT_EQ(row[4], kMasked);
}

TEST(LogitEdits, MinTokensMasksEveryEnd) {
  const LogitEdits edits({.min_tokens = 2,
                          .ignore_eos = true,
                          .stop_token_ids = {7},
                          .eos_token_ids = {9, 500}},  // 500: of a longer tokenizer
                         kVocab);
  EXPECT_TRUE(edits.any(1));
  EXPECT_EQ(masked(edits, 0), (std::vector<int32_t>{7, 9}));
  EXPECT_EQ(masked(edits, 1), (std::vector<int32_t>{7, 9}));
  EXPECT_FALSE(edits.any(2));
  EXPECT_TRUE(masked(edits, 2).empty());
}

TEST(LogitEdits, BadWordsAreNotCompleted) {
  LogitEdits edits({.bad_words_token_ids = {{4}, {1, 2}, {1, 1, 3}}}, kVocab);
  EXPECT_EQ(masked(edits, 0), (std::vector<int32_t>{4}));
  edits.append(1);
  EXPECT_EQ(masked(edits, 1), (std::vector<int32_t>{2, 4}));
  edits.append(1);
  EXPECT_EQ(masked(edits, 2), (std::vector<int32_t>{2, 3, 4}));
  edits.append(1);
  EXPECT_EQ(masked(edits, 3), (std::vector<int32_t>{2, 3, 4}));
  edits.append(5);
  EXPECT_EQ(masked(edits, 4), (std::vector<int32_t>{4}));
  LogitEdits copy = edits;
  copy.append(1);
  EXPECT_EQ(masked(copy, 5), (std::vector<int32_t>{2, 4}));
  EXPECT_EQ(masked(edits, 5), (std::vector<int32_t>{4}));
}

}  // namespace
}  // namespace spyre::sample
