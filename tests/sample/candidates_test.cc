#include "sample/candidates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "sample/rows.h"

namespace spyre::sample {
namespace {

constexpr float kNone = -std::numeric_limits<float>::infinity();

std::vector<int32_t> ids_of(std::span<Candidate> chosen) {
  std::ranges::sort(chosen, precedes);
  std::vector<int32_t> ids;
  for (const Candidate& each : chosen) ids.push_back(each.id);
  return ids;
}

void expect_best(const std::vector<float>& row, size_t count) {
  std::vector<Candidate> buffer(row.size());
  auto wanted = sorted_ids(row);
  wanted.resize(std::min(count, row.size()));
  EXPECT_EQ(ids_of(select_best(row, kNone, count, buffer)), wanted) << count;
}

TEST(Candidates, BestAreThoseOfAFullSort) {
  for (const size_t vocab : {1, 63, 64, 65, 1000, 5000}) {
    for (const size_t count : {0, 1, 2, 20, 40, 64, 500, 999, 1000, 5000}) {
      expect_best(random_row(vocab, vocab + count), count);
      expect_best(random_row(vocab, vocab + count, 2, 1), count);  // many ties
    }
  }
}

TEST(Candidates, BestOfOrderedAndEqualRows) {
  std::vector<float> row(3000);
  std::iota(row.begin(), row.end(), -1500.0f);
  expect_best(row, 50);  // every logit beats the threshold
  std::ranges::reverse(row);
  expect_best(row, 50);
  std::ranges::fill(row, 1.5f);
  expect_best(row, 50);
  std::ranges::fill(row, kNone);
  row[2000] = 0;
  expect_best(row, 50);
}

TEST(Candidates, FloorIsInclusive) {
  const std::vector<float> row = {1, 5, 3, 5, 2, 3};
  std::vector<Candidate> buffer(row.size());
  EXPECT_EQ(ids_of(select_best(row, 3, 10, buffer)), (std::vector<int32_t>{1, 3, 2, 5}));
  EXPECT_EQ(select_best(row, 6, 10, buffer).size(), 0u);
}

TEST(Candidates, GatherKeepsABracket) {
  const std::vector<float> row = {1, 5, 3, 5, kNone, 3};
  std::vector<Candidate> buffer(row.size());
  EXPECT_EQ(ids_of(gather(row, 3, 6, buffer)), (std::vector<int32_t>{1, 3, 2, 5}));
  EXPECT_EQ(ids_of(gather(row, 3, 5, buffer)), (std::vector<int32_t>{2, 5}));
  EXPECT_EQ(gather(row, 6, 7, buffer).size(), 0u);
  EXPECT_EQ(gather(row, kNone, 6, buffer).size(), 6u);
}

}  // namespace
}  // namespace spyre::sample
