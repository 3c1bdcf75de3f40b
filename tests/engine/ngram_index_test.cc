// Proposals are those of a search through the whole text, whatever the text.
#include "engine/ngram_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace spyre::engine {
namespace {

using Tokens = std::vector<int32_t>;

Tokens proposal(const NgramIndex& index, int64_t most) {
  Tokens draft = {99};
  index.propose(most, draft);
  return draft;
}

Tokens proposal_after(std::span<const int32_t> text, int64_t most, int64_t min = 2,
                      int64_t max = 4) {
  NgramIndex index(min, max);
  index.append(text);
  return proposal(index, most);
}

TEST(NgramIndex, WhatFollowedTheLastTimeIsProposed) {
  EXPECT_EQ(proposal_after(Tokens{1, 2, 3, 4, 5, 1, 2}, 2), (Tokens{3, 4}));
  EXPECT_EQ(proposal_after(Tokens{1, 2, 3, 4, 5, 1, 2}, 0), Tokens{});
  EXPECT_EQ(proposal_after(Tokens{1, 2, 3, 4, 5, 1, 2}, -1), Tokens{});
}

TEST(NgramIndex, NothingIsProposedForANewEnd) {
  EXPECT_EQ(proposal_after(Tokens{}, 4), Tokens{});
  EXPECT_EQ(proposal_after(Tokens{1}, 4), Tokens{});
  EXPECT_EQ(proposal_after(Tokens{1, 2}, 4), Tokens{});
  EXPECT_EQ(proposal_after(Tokens{1, 2, 3, 1, 4}, 4), Tokens{});
  EXPECT_EQ(proposal_after(Tokens{1, 2, 3, 1}, 4), Tokens{});  // one token is too short an end
  EXPECT_EQ(proposal_after(Tokens{1, 2, 3, 1}, 1, 1), Tokens{2});
}

TEST(NgramIndex, TheMostRecentOccurrenceCounts) {
  EXPECT_EQ(proposal_after(Tokens{1, 2, 7, 1, 2, 8, 1, 2}, 1), Tokens{8});
}

TEST(NgramIndex, ALongerEndCountsMoreThanARecentOne) {
  EXPECT_EQ(proposal_after(Tokens{5, 1, 2, 7, 6, 1, 2, 8, 5, 1, 2}, 1), Tokens{7});
  EXPECT_EQ(proposal_after(Tokens{5, 1, 2, 7, 6, 1, 2, 8, 5, 1, 2}, 1, 2, 2), Tokens{8});
}

TEST(NgramIndex, ACircleGoesRound) {
  EXPECT_EQ(proposal_after(Tokens{3, 3, 3}, 4), (Tokens{3, 3, 3, 3}));
  EXPECT_EQ(proposal_after(Tokens{1, 2, 1, 2}, 5), (Tokens{1, 2, 1, 2, 1}));
}

TEST(NgramIndex, ACopyGoesOnAlike) {
  NgramIndex index(2, 4);
  index.append(Tokens{1, 2, 3});
  NgramIndex copy = index;
  copy.append(Tokens{1, 2});
  index.append(Tokens{4, 5});
  EXPECT_EQ(proposal(copy, 1), Tokens{3});
  EXPECT_EQ(proposal(index, 1), Tokens{});
  EXPECT_EQ(copy.tokens().size(), 5u);
}

// The whole text is searched, backwards, for its end.
Tokens found_by_search(const Tokens& text, int64_t most, size_t min, size_t max) {
  for (size_t length = std::min(max, text.size()); length >= min; --length) {
    const auto wanted = text.end() - static_cast<ptrdiff_t>(length);
    for (size_t end = text.size() - 1; end >= length; --end) {
      const auto at = text.begin() + static_cast<ptrdiff_t>(end - length);
      if (!std::equal(wanted, text.end(), at)) continue;
      Tokens whole = text;
      for (int64_t i = 0; i < most; ++i) whole.push_back(whole[end + static_cast<size_t>(i)]);
      return {whole.begin() + static_cast<ptrdiff_t>(text.size()), whole.end()};
    }
  }
  return {};
}

// Texts of few and of many words, now and then a copy of an earlier part.
TEST(NgramIndex, IsASearchThroughTheWholeText) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto from = [&](int64_t low, int64_t high) {
      return std::uniform_int_distribution<int64_t>(low, high)(random);
    };
    const int64_t words = from(0, 2) == 0 ? 100'000 : from(1, 12);
    const int64_t min = from(1, 4);
    const int64_t max = from(min, 7);
    NgramIndex index(min, max);
    Tokens text;
    while (text.size() < 400) {
      Tokens more = {static_cast<int32_t>(from(0, words))};
      if (text.size() > 20 && from(0, 9) == 0) {
        const auto at = static_cast<ptrdiff_t>(from(0, std::ssize(text) - 10));
        more.assign(text.begin() + at, text.begin() + at + 9);
      }
      for (const int32_t token : more) {
        text.push_back(token);
        index.append(token);
        const int64_t most = from(0, 16);
        ASSERT_EQ(proposal(index, most),
                  found_by_search(text, most, static_cast<size_t>(min), static_cast<size_t>(max)))
            << "after " << text.size() << " tokens";
      }
    }
  }
}

}  // namespace
}  // namespace spyre::engine
