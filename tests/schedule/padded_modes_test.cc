// The two older modes of continuous batching, step by step: the examples of their rules, worked out
// by hand.
#include <gtest/gtest.h>

#include "schedule/legacy_batching.h"
#include "schedule/seed_batching.h"
#include "schedule/step_table.h"

namespace spyre::schedule::testing {
namespace {

constexpr ContinuousLimits kTwoOf256 = {.max_num_seqs = 2, .max_model_len = 256, .kv_blocks = 8};

std::unique_ptr<LegacyBatching> legacy(const ContinuousLimits& limits = kTwoOf256,
                                       int64_t volume_limit = 512) {
  return std::move(*LegacyBatching::create({.limits = limits, .volume_limit = volume_limit}));
}

void expect_row(const StepTable& table, size_t step, int64_t tkv, const char* running,
                const char* outputs) {
  SCOPED_TRACE(step);
  EXPECT_EQ(table.row(step).tkv, tkv);
  EXPECT_EQ(table.row(step).running, running);
  EXPECT_EQ(table.row(step).outputs, outputs);
}

void expect_blocks(const StepTable& table, size_t step, int64_t used, int64_t reserved) {
  SCOPED_TRACE(step);
  EXPECT_EQ(table.row(step).used, used);
  EXPECT_EQ(table.row(step).reserved, reserved);
}

const std::vector<Arrival> kExample = {{30, 5}, {100, 4}, {20, 3}};

TEST(LegacyBatching, ALongerPromptShiftsTheBatchAndPaddingOfAllIsDropped) {
  auto scheduler = legacy();
  const StepTable table(*scheduler, kExample);
  expect_row(table, 1, 64, "0", "0");
  expect_row(table, 2, 128, "1 0", "1");
  expect_row(table, 3, 129, "1 0", "1 0");
  expect_row(table, 5, 131, "0", "1! 0");
  expect_row(table, 6, 67, "2 0", "2");
  expect_row(table, 7, 68, "2", "2 0!");
  expect_row(table, 8, 69, "", "2!");
  expect_row(table, 9, 0, "", "");
}

TEST(SeedBatching, ALongerPromptWaitsForTheBatchsEnd) {
  auto scheduler = std::move(*SeedBatching::create({.limits = kTwoOf256}));
  const StepTable table(*scheduler, kExample);
  expect_row(table, 1, 64, "0", "0");
  expect_row(table, 2, 65, "0", "0");
  expect_row(table, 3, 66, "0", "0");
  expect_row(table, 5, 68, "", "0!");
  expect_row(table, 6, 128, "1", "1");
  expect_row(table, 7, 128, "2 1", "2");
  expect_row(table, 8, 129, "2 1", "2 1");
  expect_row(table, 9, 130, "1", "2! 1");
}

TEST(LegacyBatching, BlocksAreReservedToTheEndAndCountUntilTheStepAfterIt) {
  auto scheduler = legacy();
  const StepTable table(*scheduler, {{49, 65}, {41, 67}, {47, 4}});
  expect_row(table, 1, 64, "0", "0");
  expect_blocks(table, 1, 1, 2);
  expect_row(table, 2, 64, "1 0", "1");
  expect_blocks(table, 2, 2, 5);
  expect_row(table, 3, 65, "1 0", "1 0");
  expect_blocks(table, 3, 4, 5);
  expect_row(table, 66, 128, "1", "1 0!");
  expect_blocks(table, 66, 4, 5);
  expect_row(table, 67, 128, "2 1", "2");
  expect_blocks(table, 67, 3, 5);
  expect_row(table, 68, 129, "2 1", "2 1");
  expect_blocks(table, 68, 5, 5);
  expect_row(table, 69, 130, "2", "2 1!");
  expect_blocks(table, 69, 5, 5);
  expect_row(table, 70, 67, "", "2!");
  expect_blocks(table, 70, 2, 2);
  expect_row(table, 71, 0, "", "");
  expect_blocks(table, 71, 0, 0);
}

TEST(LegacyBatching, WithoutDroppingPaddingTkvOnlyGrows) {
  auto scheduler = std::move(
      *LegacyBatching::create({.limits = kTwoOf256, .volume_limit = 512, .drop_padding = false}));
  const StepTable table(*scheduler, kExample);
  expect_row(table, 5, 131, "0", "1! 0");
  expect_row(table, 6, 131, "2 0", "2");
}

TEST(SeedBatching, PaddingOfAllIsDroppedIfAsked) {
  auto scheduler = std::move(*SeedBatching::create({.limits = kTwoOf256, .drop_padding = true}));
  // The second joins at 128, with 108 positions of padding; alone it needs only what is its own.
  const StepTable table(*scheduler, {{100, 3}, {20, 5}});
  expect_row(table, 2, 128, "1 0", "1");
  EXPECT_EQ(table.row(2).tables.at(1).size(), 2U);
  expect_row(table, 4, 130, "1", "1 0!");
  expect_row(table, 5, 67, "1", "1");
  EXPECT_EQ(table.row(5).tables.at(1).size(), 2U);
}

TEST(SeedBatching, DataLiesBehindPaddingBlocks) {
  auto scheduler = std::move(*SeedBatching::create({.limits = kTwoOf256}));
  scheduler->add({.id = 0, .prompt_tokens = 128, .max_tokens = 3});
  scheduler->add({.id = 1, .prompt_tokens = 60, .max_tokens = 3});
  scheduler->next();
  scheduler->next();
  ASSERT_EQ(scheduler->snapshot().block_tables.at(1).size(), 2U);
  ASSERT_EQ(scheduler->blocks(1).size(), 1U);
  EXPECT_EQ(scheduler->blocks(1)[0], scheduler->snapshot().block_tables.at(1)[1]);
}

TEST(LegacyBatching, TheVolumeLimitIsNotExceededAndMayBeReached) {
  constexpr ContinuousLimits kMany = {.max_num_seqs = 3, .max_model_len = 128, .kv_blocks = 9};
  // Three rows of 64 + 9 positions at most.
  for (const auto& [limit, running] : {std::pair(219, "2 1 0"), std::pair(218, "1 0")}) {
    auto scheduler = legacy(kMany, limit);
    const StepTable table(*scheduler, {{64, 10}, {64, 10}, {64, 10}});
    EXPECT_EQ(table.row(3).running, running) << limit;
  }
}

TEST(LegacyBatching, AnInterruptionMayBeLimitedToShortPrefills) {
  auto scheduler = std::move(*LegacyBatching::create(
      {.limits = kTwoOf256, .volume_limit = 512, .prefill_priority_tokens = 64}));
  const StepTable table(*scheduler, {{30, 4}, {100, 4}});
  expect_row(table, 4, 67, "", "0!");
  expect_row(table, 5, 128, "1", "1");
}

TEST(LegacyBatching, AfterWhoWaitedTooLongNobodyJoinsTheBatch) {
  constexpr ContinuousLimits kMany = {.max_num_seqs = 3, .max_model_len = 256, .kv_blocks = 12};
  auto scheduler = std::move(
      *LegacyBatching::create({.limits = kMany, .volume_limit = 768, .max_waiting_s = 1.0}));
  for (RequestId id = 0; id < 3; ++id) {
    scheduler->add({.id = id, .prompt_tokens = 30, .max_tokens = 10});
  }
  scheduler->next();
  scheduler->set_time(2.0);
  EXPECT_EQ(scheduler->next().kind, StepKind::kPrefill);
  EXPECT_EQ(scheduler->next().kind, StepKind::kDecode);
  scheduler->finish(0);
  scheduler->finish(1);
  EXPECT_EQ(scheduler->next().kind, StepKind::kPrefill);
}

TEST(PaddedModes, TooLongARequestIsRefusedWithTheNumbers) {
  auto scheduler = legacy();
  const Status status = scheduler->admissible({.prompt_tokens = 70, .max_tokens = 129});
  ASSERT_FALSE(status);
  for (const char* number : {"70", "128", "129", "256"}) {
    EXPECT_NE(status.error().message.find(number), std::string::npos) << number;
  }
  EXPECT_TRUE(scheduler->admissible({.prompt_tokens = 70, .max_tokens = 128}));
  EXPECT_FALSE(scheduler->admissible({.prompt_tokens = 7, .max_tokens = 1, .sequences = 2}));
  EXPECT_EQ(scheduler->most_new_tokens(70), 128);
}

TEST(PaddedModes, LimitsThatMakeNoSenseAreRefused) {
  EXPECT_FALSE(LegacyBatching::create({.limits = kTwoOf256, .volume_limit = 255}));
  EXPECT_FALSE(LegacyBatching::create({.limits = {2, 256, 3}, .volume_limit = 512}));
  EXPECT_FALSE(SeedBatching::create({.limits = {2, 256, 7}}));
  EXPECT_FALSE(SeedBatching::create({.limits = {0, 256, 8}}));
}

}  // namespace
}  // namespace spyre::schedule::testing
