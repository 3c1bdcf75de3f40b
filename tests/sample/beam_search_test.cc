// Beam search over a made-up language in which the next token's logits depend on the last token and
// the position (on the token alone, loops of equal score would tie), held to vLLM's loop written
// down plainly, and to a search through all sequences.
#include "sample/beam_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sample/rows.h"

namespace spyre::sample {
namespace {

using testing::HasSubstr;

constexpr size_t kVocab = 12;
constexpr int32_t kEos = 3;
constexpr int64_t kPromptTokens = 4;

// The row after `length` tokens of output, the last of which is `token`, -1 when there are none.
std::vector<float> row_after(int32_t token, size_t length, uint64_t language) {
  return random_row(kVocab, (language * 100 + length) * 100 + static_cast<uint64_t>(token + 1), 2);
}

std::vector<Hypothesis> search(const BeamSearchParams& params, uint64_t language) {
  const std::vector<int32_t> eos = {kEos};
  BeamSearch beams(params, eos, kPromptTokens, kVocab);
  Workspace workspace = workspace_for(row_after(0, 0, language));
  const size_t width = beams.candidates_per_beam();
  for (size_t length = 0; !beams.finished(); ++length) {
    std::vector<TokenLogprob> candidates(beams.live().size() * width);
    for (size_t i = 0; i < beams.live().size(); ++i) {
      const int32_t last = length == 0 ? -1 : beams.live()[i].token;
      score(row_after(last, length, language), 0, std::span(candidates).subspan(i * width, width),
            workspace);
    }
    EXPECT_TRUE(beams.step(candidates));
  }
  return beams.best();
}

struct Plain {
  std::vector<int32_t> tokens;
  double cumulative = 0;
  double score = 0;
};

void sort_by_score(std::vector<Plain>& beams) {
  std::ranges::sort(beams, std::ranges::greater(), &Plain::score);
}

// All growths of a beam, or the best `limit` of them.
std::vector<Plain> grow(const Plain& beam, const BeamSearchParams& params, uint64_t language,
                        size_t limit) {
  const auto row =
      row_after(beam.tokens.empty() ? -1 : beam.tokens.back(), beam.tokens.size(), language);
  const auto probabilities = softmax(row);
  std::vector<Plain> grown;
  for (const int32_t id : sorted_ids(row)) {
    if (grown.size() == limit) break;
    Plain next = beam;
    next.tokens.push_back(id);
    next.cumulative += std::log(probabilities[static_cast<size_t>(id)]);
    const bool ends = id == kEos && !params.ignore_eos;
    const auto length = static_cast<double>(kPromptTokens) +
                        static_cast<double>(next.tokens.size()) - (ends ? 1 : 0);
    next.score = next.cumulative / std::pow(length, static_cast<double>(params.length_penalty));
    grown.push_back(std::move(next));
  }
  return grown;
}

std::vector<Plain> search_plainly(const BeamSearchParams& params, uint64_t language, size_t width,
                                  size_t limit) {
  std::vector<Plain> live = {{}};
  std::vector<Plain> completed;
  for (int64_t step = 0; step < params.max_tokens; ++step) {
    std::vector<Plain> next;
    for (const Plain& beam : live) {
      for (Plain& grown : grow(beam, params, language, limit)) {
        const bool ends = grown.tokens.back() == kEos && !params.ignore_eos;
        (ends ? completed : next).push_back(std::move(grown));
      }
    }
    sort_by_score(next);
    if (next.size() > width) next.resize(width);
    live = std::move(next);
  }
  completed.insert(completed.end(), live.begin(), live.end());
  sort_by_score(completed);
  return completed;
}

void expect_same(const std::vector<Hypothesis>& found, const std::vector<Plain>& wanted,
                 bool ignore_eos) {
  ASSERT_LE(found.size(), wanted.size());
  for (size_t i = 0; i < found.size(); ++i) {
    std::vector<int32_t> ids;
    double sum = 0;
    for (const TokenLogprob& each : found[i].tokens) {
      ids.push_back(each.id);
      sum += each.logprob;
    }
    EXPECT_EQ(ids, wanted[i].tokens) << i;
    EXPECT_NEAR(found[i].cumulative_logprob, wanted[i].cumulative, 1e-4);
    EXPECT_NEAR(found[i].cumulative_logprob, sum, 1e-9);
    EXPECT_NEAR(found[i].score, wanted[i].score, 1e-4);
    const bool ended = !ignore_eos && ids.back() == kEos;
    EXPECT_EQ(found[i].reason, ended ? FinishReason::kStop : FinishReason::kLength);
  }
}

TEST(BeamSearch, AgreesWithThePlainLoop) {
  for (uint64_t language = 1; language <= 20; ++language) {
    for (const int32_t width : {1, 2, 4}) {
      for (const float length_penalty : {0.0f, 1.0f, 2.0f}) {
        for (const bool ignore_eos : {false, true}) {
          const BeamSearchParams params{.width = width,
                                        .length_penalty = length_penalty,
                                        .max_tokens = 6,
                                        .ignore_eos = ignore_eos};
          const auto beams = static_cast<size_t>(width);
          const auto found = search(params, language);
          ASSERT_EQ(found.size(), beams);
          expect_same(found, search_plainly(params, language, beams, 2 * beams), ignore_eos);
        }
      }
    }
  }
}

TEST(BeamSearch, WideEnoughFindsTheBestOfAllSequences) {
  const BeamSearchParams params{.width = kVocab, .length_penalty = 1, .max_tokens = 2};
  const auto all = search_plainly(params, 5, 1'000'000, kVocab);
  expect_same(search(params, 5), {all.begin(), all.begin() + kVocab}, false);
}

TEST(BeamSearch, OneBeamIsGreedy) {
  const auto found = search({.width = 1, .max_tokens = 8, .ignore_eos = true}, 2);
  int32_t last = -1;
  size_t length = 0;
  for (const TokenLogprob& each : found[0].tokens) {
    last = sorted_ids(row_after(last, length++, 2))[0];
    EXPECT_EQ(each.id, last);
    EXPECT_EQ(each.rank, 1);
  }
}

TEST(BeamSearch, LiveBeamsNameTheirParents) {
  BeamSearch beams({.width = 2, .max_tokens = 3}, {}, 1, 100);
  EXPECT_EQ(beams.candidates_per_beam(), 4u);
  ASSERT_EQ(beams.live().size(), 1u);
  EXPECT_TRUE(beams.best().empty());
  ASSERT_TRUE(
      beams.step(std::vector<TokenLogprob>{{10, -1, 1}, {11, -2, 2}, {12, -3, 3}, {13, -4, 4}}));
  ASSERT_EQ(beams.live().size(), 2u);
  EXPECT_EQ(beams.live()[1].token, 11);
  // Both survivors grow from the second beam.
  ASSERT_TRUE(beams.step(std::vector<TokenLogprob>{{20, -9, 1},
                                                   {21, -9, 2},
                                                   {22, -9, 3},
                                                   {23, -9, 4},
                                                   {30, -1, 1},
                                                   {31, -1.5f, 2},
                                                   {32, -9, 3},
                                                   {33, -9, 4}}));
  ASSERT_EQ(beams.live().size(), 2u);
  EXPECT_EQ(beams.live()[0].parent, 1);
  EXPECT_EQ(beams.live()[0].token, 30);
  EXPECT_EQ(beams.live()[0].cumulative_logprob, -3);
  EXPECT_EQ(beams.live()[1].parent, 1);
  EXPECT_FALSE(beams.finished());
  // What there is so far, as an aborted request wants it.
  const auto best = beams.best();
  ASSERT_EQ(best.size(), 2u);
  EXPECT_EQ(best[0].tokens.size(), 2u);
  EXPECT_EQ(best[0].tokens[0].id, 11);
  EXPECT_EQ(best[0].reason, FinishReason::kLength);
}

TEST(BeamSearch, EqualScoresKeepTheirOrder) {
  BeamSearch beams({.width = 2, .max_tokens = 1}, {}, 1, 100);
  ASSERT_TRUE(
      beams.step(std::vector<TokenLogprob>{{9, -1, 1}, {8, -1, 2}, {7, -1, 3}, {6, -1, 4}}));
  EXPECT_TRUE(beams.finished());
  const auto best = beams.best();
  ASSERT_EQ(best.size(), 2u);
  EXPECT_EQ(best[0].tokens[0].id, 9);
  EXPECT_EQ(best[1].tokens[0].id, 8);
}

TEST(BeamSearch, EndsWhenEveryBeamEnded) {
  const std::vector<int32_t> eos = {0, 1};
  BeamSearch beams({.width = 1, .max_tokens = 9}, eos, 1, 2);
  ASSERT_TRUE(beams.step(std::vector<TokenLogprob>{{1, -0.5f, 1}, {0, -2, 2}}));
  EXPECT_TRUE(beams.finished());
  ASSERT_EQ(beams.best().size(), 1u);
  EXPECT_EQ(beams.best()[0].tokens[0].id, 1);
  EXPECT_EQ(beams.best()[0].reason, FinishReason::kStop);
}

TEST(BeamSearch, RefusesNaN) {
  BeamSearch beams({.width = 1, .max_tokens = 9}, {}, 1, 2);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Status status = beams.step(std::vector<TokenLogprob>{{1, nan, 0}, {0, nan, 0}});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kInvalidArgument);
}

TEST(BeamSearch, ValidatesItsParameters) {
  const SamplingLimits limits{.vocab_size = 50};
  EXPECT_TRUE(validate(BeamSearchParams{.width = 50}, limits));
  const auto message = [&](const BeamSearchParams& params) {
    const Status status = validate(params, limits);
    return status ? std::string() : status.error().message;
  };
  EXPECT_THAT(message({.width = 0}), HasSubstr("beam_width: wanted a number from 1 to 50"));
  EXPECT_THAT(message({.width = 51}), HasSubstr("found 51"));
  EXPECT_THAT(message({.length_penalty = std::numeric_limits<float>::infinity()}),
              HasSubstr("length_penalty"));
  EXPECT_THAT(message({.max_tokens = 0}), HasSubstr("max_tokens"));
}

}  // namespace
}  // namespace spyre::sample
