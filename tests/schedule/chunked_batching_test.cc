// Chunked prefill, prefix caching and pausing, step by step.
#include "schedule/chunked_batching.h"

#include <gtest/gtest.h>

#include "schedule/pausing.h"
#include "schedule/step_table.h"

namespace spyre::schedule::testing {
namespace {

using Table = std::vector<int32_t>;

ChunkedBatchingOptions options(int64_t max_num_seqs, int64_t max_model_len) {
  return {.limits = {.max_num_seqs = max_num_seqs,
                     .max_model_len = max_model_len,
                     .kv_blocks = max_num_seqs * max_model_len / kBlockTokens},
          .chunk_tokens = 128,
          .volume_limit = max_num_seqs * max_model_len};
}

std::unique_ptr<ChunkedBatching> chunked(const ChunkedBatchingOptions& options) {
  return std::move(*ChunkedBatching::create(options));
}

TEST(ChunkLayout, PaddingIsWholeBlocksOfTheFirstChunk) {
  const auto layout = [](int64_t prompt) { return ChunkLayout{prompt, 128}; };
  EXPECT_EQ(layout(40).chunks(), 1);
  EXPECT_EQ(layout(40).left_padding(), 64);
  EXPECT_EQ(layout(100).left_padding(), 0);
  EXPECT_EQ(layout(330).chunks(), 3);
  EXPECT_EQ(layout(330).left_padding(), 0);
  EXPECT_EQ(layout(302).left_padding(), 64);
  EXPECT_EQ(layout(302).end(0), 64);
  EXPECT_EQ(layout(302).end(1), 192);
  EXPECT_EQ(layout(302).end(2), 302);
}

TEST(ChunkedBatching, DecodesComeBetweenChunks) {
  auto scheduler = chunked(options(3, 512));
  const StepTable table(*scheduler, {{20, 6}, {200, 3}});
  const std::vector<StepRow> expected = {
      {20, "0", "0", 1, 0},     {21, "0", "0", 1, 0},    {200, "1 0", "", 3, 2},
      {22, "0 1", "0", 3, 2},   {200, "1 0", "1", 5, 0}, {215, "1 0", "1 0", 5, 0},
      {216, "0", "1! 0", 1, 0}, {25, "", "0!", 0, 0},    {0, "", "", 0, 0}};
  ASSERT_EQ(table.rows().size(), expected.size() + 1);
  for (size_t i = 0; i < expected.size(); ++i) {
    SCOPED_TRACE(i + 1);
    EXPECT_EQ(table.row(i + 1).tkv, expected[i].tkv);
    EXPECT_EQ(table.row(i + 1).running, expected[i].running);
    EXPECT_EQ(table.row(i + 1).outputs, expected[i].outputs);
    EXPECT_EQ(table.row(i + 1).used, expected[i].used);
    EXPECT_EQ(table.row(i + 1).reserved, expected[i].reserved);
  }
}

TEST(ChunkedBatching, WithoutInterleavingChunksFollowEachOther) {
  auto with = options(3, 512);
  with.interleave = false;
  auto scheduler = chunked(with);
  const StepTable table(*scheduler, {{20, 6}, {330, 3}});
  std::string kinds;
  for (const Plan& plan : table.plans()) kinds += name(plan.kind)[0];
  EXPECT_EQ(kinds.substr(0, 6), "ppppdd");
}

TEST(ChunkedBatching, ChunksThatLieInCachedBlocksAreSkippedAndSharedBlocksStay) {
  auto one_by_one = options(2, 512);
  one_by_one.interleave = false;
  auto scheduler = chunked(one_by_one);
  const StepTable table(*scheduler, {{320, 2, 0, names_of(7, 320)}, {320, 2, 0, names_of(7, 320)}});
  EXPECT_EQ(table.row(3).outputs, "0");
  EXPECT_EQ(table.row(3).tables.at(0), (Table{1, 2, 3, 4, 5}));
  const Plan& plan = table.plans().at(3);
  ASSERT_EQ(plan.prompts.size(), 1U);
  // What is cached of the last chunk is not computed again.
  EXPECT_EQ(plan.prompts[0].first, 256);
  EXPECT_EQ(plan.prompts[0].tokens, 64);
  EXPECT_EQ(table.row(4).outputs, "1");
  EXPECT_EQ(table.row(4).tables.at(1), (Table{1, 2, 3, 4, 6}));
  EXPECT_EQ(plan.prefix.queries, 320);
  EXPECT_EQ(plan.prefix.hits, 192);
}

TEST(ChunkedBatching, NamesSayNothingWithoutPrefixCaching) {
  auto without = options(2, 512);
  without.prefix_caching = false;
  auto scheduler = chunked(without);
  const StepTable table(*scheduler, {{200, 2, 0, names_of(1, 200)}, {200, 2, 9, names_of(1, 200)}});
  EXPECT_EQ(table.plans().at(9).prompts[0].first, 0);
}

TEST(ChunkedBatching, BlocksAreSharedWithOneThatRuns) {
  auto scheduler = chunked(options(2, 512));
  const StepTable table(*scheduler, {{200, 9, 0, names_of(1, 200)}, {200, 9, 0, names_of(1, 200)}});
  const auto& tables = table.row(4).tables;
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ((Table{tables.at(0).begin(), tables.at(0).begin() + 3}),
            (Table{tables.at(1).begin(), tables.at(1).begin() + 3}));
  EXPECT_NE(tables.at(0)[3], tables.at(1)[3]);
  EXPECT_EQ(table.row(4).used, 5);
}

TEST(ChunkedBatching, BlocksFilledByDecodesAreFoundToo) {
  auto scheduler = chunked(options(2, 512));
  scheduler->add({.id = 0, .prompt_tokens = 63, .max_tokens = 3});
  scheduler->next();
  scheduler->next();
  scheduler->name_block(0, 0, name_of(3, 0));
  scheduler->finish(0);
  scheduler->add({.id = 1, .prompt_tokens = 66, .max_tokens = 3, .names = {name_of(3, 0)}});
  const Plan plan = scheduler->next();
  EXPECT_EQ(plan.prompts[0].first, 64);
}

TEST(ChunkedBatching, WhoWaitsForBlocksIsNotOvertaken) {
  auto few = options(3, 512);
  few.limits.kv_blocks = 9;
  auto scheduler = chunked(few);
  const StepTable table(*scheduler, {{256, 128}, {256, 128}, {20, 4}});
  for (size_t i = 0; i + 1 < table.rows().size(); ++i) {
    EXPECT_LE(table.row(i).used + table.row(i).reserved, 9);
  }
  EXPECT_EQ(table.row(40).running, "0");
}

TEST(ChunkedBatching, RowsTakeTurnsWhenTheVolumeIsUsedUp) {
  auto tight = options(2, 256);
  tight.volume_limit = 256;
  auto scheduler = chunked(tight);
  const StepTable table(*scheduler, {{120, 20}, {120, 20}});
  // Two rows of 129 positions are more than 256: from there on one of them sits out in turns.
  int64_t turns = 0;
  for (size_t i = 1; i < table.rows().size(); ++i) {
    if (table.row(i).paused.empty() || table.row(i).running.empty()) continue;
    EXPECT_EQ(table.row(i).running.size(), 1U);
    if (table.row(i).paused != table.row(i - 1).paused) ++turns;
  }
  EXPECT_GE(turns, 10);
  const auto paused_net = [&](auto member) {
    int64_t sum = 0;
    for (const Plan& plan : table.plans()) sum += plan.pauses.*member;
    return sum;
  };
  EXPECT_EQ(paused_net(&PauseCounts::pauses), 1);
  EXPECT_EQ(paused_net(&PauseCounts::resumes), 1);
}

TEST(ChunkedBatching, WithoutPausingNobodyJoinsBeyondTheVolume) {
  auto tight = options(2, 256);
  tight.volume_limit = 256;
  tight.pausing = false;
  auto scheduler = chunked(tight);
  const StepTable table(*scheduler, {{120, 20}, {120, 20}});
  for (const StepRow& row : table.rows()) {
    EXPECT_TRUE(row.paused.empty());
    EXPECT_LE(row.running.size(), 3U);  // one decodes; the other may have had its first chunk
  }
  EXPECT_EQ(table.row(10).running, "0");
}

TEST(ChunkedBatching, PromptsThatJoinOneAfterTheOtherStayWithinTheVolume) {
  auto tight = options(3, 512);
  tight.volume_limit = 1024;
  tight.pausing = false;
  tight.interleave = false;
  auto scheduler = chunked(tight);
  // After the second's prompt of 20 the third must still see that the first is 301 long.
  const StepTable table(*scheduler, {{300, 100}, {20, 50, 4}, {20, 50, 4}});
  for (size_t i = 0; i < table.plans().size(); ++i) {
    EXPECT_LE(std::ssize(table.plans()[i].decodes) * table.row(i + 1).tkv, 1024) << i;
  }
  EXPECT_EQ(table.row(6).running, "1 0");
}

TEST(Pausing, TheMostPatientComeFirst) {
  const std::vector<PausingCandidate> candidates = {{.waited = 0, .generated = 5, .computed = 100},
                                                    {.waited = 2, .generated = 9, .computed = 100},
                                                    {.waited = 0, .generated = 1, .computed = 100}};
  EXPECT_EQ(choose_decodes(candidates, {.volume_limit = 202}), (std::vector<size_t>{1, 2}));
  EXPECT_EQ(choose_decodes(candidates, {.volume_limit = 202, .long_outputs = true}),
            (std::vector<size_t>{0, 1}));
  EXPECT_EQ(choose_decodes(candidates, {.volume_limit = 101}), (std::vector<size_t>{1}));
}

TEST(Pausing, RowsEndInTheLastBlock) {
  EXPECT_EQ(decode_tkv({}), 0);
  EXPECT_EQ(decode_tkv({22, 200}), 215);
  EXPECT_EQ(decode_tkv({24}), 25);
}

TEST(ChunkedBatching, OptionsThatMakeNoSenseAreRefused) {
  auto wrong = options(2, 256);
  wrong.chunk_tokens = 100;
  EXPECT_FALSE(ChunkedBatching::create(wrong));
  wrong = options(2, 256);
  wrong.volume_limit = 200;
  EXPECT_FALSE(ChunkedBatching::create(wrong));
  wrong = options(2, 256);
  wrong.limits.kv_blocks = 3;
  EXPECT_FALSE(ChunkedBatching::create(wrong));
  auto scheduler = chunked(options(2, 256));
  EXPECT_TRUE(scheduler->admissible({.prompt_tokens = 250, .max_tokens = 6}));
  EXPECT_FALSE(scheduler->admissible({.prompt_tokens = 250, .max_tokens = 7}));
}

}  // namespace
}  // namespace spyre::schedule::testing
