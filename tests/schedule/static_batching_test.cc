// Static batching as a trace: which batch runs when, in which shape, and what can be seen of it.
#include "schedule/static_batching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schedule/trace.h"

namespace spyre::schedule::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr Shape kLong{4096, 1024, 1};
constexpr Shape kWide{1024, 256, 4};

std::unique_ptr<StaticBatching> scheduler(std::vector<Shape> shapes,
                                          ShapeChoice choice = ShapeChoice::kOrder) {
  auto created = StaticBatching::create({.shapes = std::move(shapes), .choice = choice});
  EXPECT_TRUE(created.has_value());
  return std::move(*created);
}

// The batches of a trace that is all there from the beginning: requests with their shape.
std::vector<std::pair<Ids, Shape>> batches(Scheduler& scheduler,
                                           const std::vector<Demand>& demands) {
  Trace trace(scheduler);
  for (const Demand& demand : demands) trace.add(demand);
  std::vector<std::pair<Ids, Shape>> result;
  for (const Plan& plan : trace.run()) {
    if (plan.kind == StepKind::kPrefill) result.emplace_back(prompt_ids(plan), *plan.shape);
  }
  return result;
}

std::vector<Demand> worked_example(size_t count) {
  std::vector<Demand> demands = {{0, 800, 200},  {1, 3000, 100}, {2, 50, 50}, {3, 50, 300},
                                 {4, 1000, 256}, {5, 20, 20},    {6, 20, 20}, {7, 20, 20}};
  demands.resize(count);
  return demands;
}

TEST(StaticBatching, TheWorkedExample) {
  const auto order = scheduler({kLong, kWide});
  EXPECT_THAT(batches(*order, worked_example(8)),
              ElementsAre(Pair(Ids{0, 2, 4, 5}, kWide), Pair(Ids{1}, kLong), Pair(Ids{3}, kLong),
                          Pair(Ids{6, 7}, kWide)));
}

TEST(StaticBatching, TheWorkedExampleWithOnlySixLeft) {
  const auto order = scheduler({kLong, kWide});
  EXPECT_THAT(batches(*order, worked_example(7)),
              ElementsAre(Pair(Ids{0, 2, 4, 5}, kWide), Pair(Ids{1}, kLong), Pair(Ids{3}, kLong),
                          Pair(Ids{6}, kLong)));
}

TEST(StaticBatching, TheOrderOfTheListsDoesNotMatter) {
  const auto one = scheduler({kLong, kWide});
  const auto other = scheduler({kWide, kLong});
  EXPECT_EQ(batches(*one, worked_example(8)), batches(*other, worked_example(8)));
}

TEST(StaticBatching, LeastWorkFormsTheSameBatches) {
  constexpr Shape kSmall{64, 64, 4};
  const auto order = scheduler({kLong, kSmall});
  const auto least = scheduler({kLong, kSmall}, ShapeChoice::kLeastWork);
  EXPECT_THAT(batches(*order, {{0, 20, 20}}), ElementsAre(Pair(Ids{0}, kLong)));
  EXPECT_THAT(batches(*least, {{0, 20, 20}}), ElementsAre(Pair(Ids{0}, kSmall)));
  const auto same = scheduler({kLong, kWide}, ShapeChoice::kLeastWork);
  const auto reference = scheduler({kLong, kWide});
  EXPECT_EQ(batches(*same, worked_example(8)), batches(*reference, worked_example(8)));
}

TEST(StaticBatching, PromptsRunWholeAndLeftPadded) {
  const auto batching = scheduler({{64, 20, 4}});
  Trace trace(*batching);
  trace.add({0, 49, 3});
  trace.add({1, 64, 3});
  const Plan plan = trace.step();
  EXPECT_EQ(plan.kind, StepKind::kPrefill);
  ASSERT_EQ(plan.prompts.size(), 2u);
  EXPECT_EQ(plan.prompts[0].first, 0);
  EXPECT_EQ(plan.prompts[0].tokens, 49);
  EXPECT_EQ(plan.prompts[0].left_padding, 15);
  EXPECT_EQ(plan.prompts[1].left_padding, 0);
  EXPECT_EQ(plan.padding_tokens, 4 * 64 - 49 - 64);
}

TEST(StaticBatching, FinishedRowsAreDroppedAndStayAsPadding) {
  const auto batching = scheduler({{64, 20, 4}});
  Trace trace(*batching);
  trace.add({0, 10, 20}, 3);
  trace.add({1, 10, 20}, 1);
  trace.add({2, 10, 20, 2}, 4);
  const auto plans = trace.run();
  ASSERT_EQ(plans.size(), 4u);  // the longest answer
  EXPECT_EQ(plans[1].decodes, (Ids{0, 2}));
  EXPECT_EQ(plans[1].padding_tokens, 1);
  EXPECT_EQ(plans[2].decodes, (Ids{0, 2}));
  EXPECT_EQ(plans[3].decodes, Ids{2});
  EXPECT_EQ(plans[3].padding_tokens, 2);
  EXPECT_EQ(plans[3].shape, (Shape{64, 20, 4}));
}

TEST(StaticBatching, NothingStartsBeforeTheWholeBatchHasEnded) {
  const auto batching = scheduler({{64, 20, 4}});
  Trace trace(*batching);
  trace.add({0, 10, 3});
  EXPECT_EQ(trace.step().kind, StepKind::kPrefill);
  trace.add({1, 10, 1});
  EXPECT_EQ(trace.step().decodes, Ids{0});
  EXPECT_EQ(trace.step().decodes, Ids{0});
  EXPECT_EQ(prompt_ids(trace.step()), Ids{1});
  EXPECT_EQ(trace.step().kind, StepKind::kIdle);
}

TEST(StaticBatching, ASkippedRequestIsFirstNextTime) {
  const auto batching = scheduler({kLong, kWide});
  Trace trace(*batching);
  trace.add({0, 10, 1});
  trace.add({1, 3000, 1});
  // A stream of short requests cannot keep the long one waiting.
  EXPECT_EQ(prompt_ids(trace.step()), Ids{0});
  for (RequestId id = 2; id < 10; ++id) trace.add({id, 10, 1});
  EXPECT_EQ(prompt_ids(trace.step()), Ids{1});
  EXPECT_EQ(prompt_ids(trace.step()), (Ids{2, 3, 4, 5}));
}

TEST(StaticBatching, WhatCanBeSeen) {
  const auto batching = scheduler({{64, 20, 2}});
  Trace trace(*batching);
  trace.add({7, 10, 2});
  trace.add({8, 10, 2});
  trace.add({9, 10, 1});
  Snapshot seen = batching->snapshot();
  EXPECT_EQ(seen.tkv, 0);
  EXPECT_EQ(seen.blocks_used, 0);
  EXPECT_EQ(seen.waiting, (Ids{7, 8, 9}));
  trace.step();
  seen = batching->snapshot();
  EXPECT_EQ(seen.tkv, 64);
  EXPECT_EQ(seen.running, (Ids{7, 8}));
  EXPECT_EQ(seen.waiting, Ids{9});
  EXPECT_EQ(seen.blocks_used, 4);  // two rows of 84 tokens
  EXPECT_EQ(seen.blocks_reserved, 4);
  EXPECT_THAT(seen.block_tables, IsEmpty());
  trace.step();
  seen = batching->snapshot();
  EXPECT_EQ(seen.tkv, 65);  // all of the batch are gone, it is not yet
  EXPECT_THAT(seen.running, IsEmpty());
  EXPECT_EQ(seen.blocks_used, 4);
  trace.step();
  EXPECT_EQ(batching->snapshot().tkv, 64);  // the next batch
  EXPECT_EQ(trace.step().kind, StepKind::kIdle);
  seen = batching->snapshot();
  EXPECT_EQ(seen.tkv, 0);
  EXPECT_EQ(seen.blocks_used, 0);
}

TEST(StaticBatching, TheLengthIsThatOfTheRowThatDraftsTookFurthest) {
  const auto batching = scheduler({{64, 20, 2}});
  Trace trace(*batching);
  trace.add({7, 10, 20}, 4);
  trace.add({8, 60, 20}, 6);
  trace.step();
  trace.step();
  EXPECT_EQ(batching->snapshot().tkv, 65);
  batching->computed(7, 15);
  EXPECT_EQ(batching->snapshot().tkv, 69);
  batching->computed(8, 61);
  batching->computed(9, 1000);  // unknown
  EXPECT_EQ(batching->snapshot().tkv, 69);
  trace.step();
  EXPECT_EQ(batching->snapshot().tkv, 69);
  batching->computed(8, 67);
  EXPECT_EQ(batching->snapshot().tkv, 71);
  while (trace.step().kind != StepKind::kIdle) {
  }
  EXPECT_EQ(batching->snapshot().tkv, 0);
  trace.add({10, 10, 20}, 2);
  trace.step();
  EXPECT_EQ(batching->snapshot().tkv, 64);
}

TEST(StaticBatching, AWaitingRequestCanBeAborted) {
  const auto batching = scheduler({{64, 20, 1}});
  Trace trace(*batching);
  trace.add({0, 10, 1});
  trace.add({1, 10, 1});
  trace.add({2, 10, 1});
  trace.step();
  trace.abort(1);
  EXPECT_EQ(batching->snapshot().waiting, Ids{2});
  EXPECT_EQ(prompt_ids(trace.step()), Ids{2});
}

TEST(StaticBatching, ASkippedRequestCanBeAborted) {
  const auto batching = scheduler({kLong, kWide});
  Trace trace(*batching);
  trace.add({0, 10, 1});
  trace.add({1, 3000, 1});
  trace.step();
  trace.abort(1);
  EXPECT_EQ(trace.step().kind, StepKind::kIdle);
}

TEST(StaticBatching, ARunningRequestCanBeAborted) {
  const auto batching = scheduler({{64, 20, 2}});
  Trace trace(*batching);
  trace.add({0, 10, 5});
  trace.add({1, 10, 5});
  trace.add({2, 10, 1});
  trace.step();
  trace.abort(0);
  EXPECT_EQ(trace.step().decodes, Ids{1});
  trace.abort(1);  // the last of its batch: the next one starts at once
  EXPECT_EQ(prompt_ids(trace.step()), Ids{2});
}

TEST(StaticBatching, UnknownIdsAreIgnored) {
  const auto batching = scheduler({{64, 20, 2}});
  batching->finish(3);
  Trace trace(*batching);
  trace.add({0, 10, 2});
  trace.step();
  batching->finish(3);
  EXPECT_EQ(trace.step().decodes, Ids{0});
  batching->finish(0);  // for the second time
  EXPECT_EQ(trace.step().kind, StepKind::kIdle);
}

TEST(StaticBatching, TheDoorIsTheOneOfStaticAdmission) {
  const auto batching = scheduler({kLong, kWide});
  EXPECT_TRUE(batching->admissible({0, 4096, 1024}));
  const Status refused = batching->admissible({0, 4096, 1025});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
  EXPECT_THAT(refused.error().message, HasSubstr("No applicable warmup shape exists"));
  EXPECT_EQ(batching->most_new_tokens(1025), 1024);
  EXPECT_EQ(batching->most_sequences(10, 10), 4);
  EXPECT_FALSE(StaticBatching::create({}));
}

TEST(StaticBatchingDeathTest, AddingWhatWasRefusedIsABug) {
  const auto batching = scheduler({{64, 20, 1}});
  EXPECT_DEATH(batching->add({0, 65, 1}), "internal check failed");
}

TEST(StepKind, HasTheWordsOfTheTrace) {
  EXPECT_EQ(name(StepKind::kIdle), "idle");
  EXPECT_EQ(name(StepKind::kPrefill), "prefill");
  EXPECT_EQ(name(StepKind::kDecode), "decode");
}

}  // namespace
}  // namespace spyre::schedule::testing
