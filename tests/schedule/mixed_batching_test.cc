// Our own scheduler: what a step holds, who gives way, whose blocks are found.
#include "schedule/mixed_batching.h"

#include <gtest/gtest.h>

#include "schedule/step_table.h"

namespace spyre::schedule::testing {
namespace {

MixedBatchingOptions options(int64_t kv_blocks = 32) {
  return {.limits = {.max_num_seqs = 4, .max_model_len = 512, .kv_blocks = kv_blocks},
          .token_budget = 128,
          .itl_target_s = 0};
}

std::unique_ptr<MixedBatching> mixed(const MixedBatchingOptions& options) {
  return std::move(*MixedBatching::create(options));
}

TEST(MixedBatching, AStepHoldsDecodesAndPromptsUpToItsBudget) {
  auto scheduler = mixed(options());
  const StepTable table(*scheduler, {{20, 4}, {200, 4}, {30, 4}});
  const auto& plans = table.plans();
  ASSERT_EQ(plans[0].prompts.size(), 2U);
  EXPECT_EQ(plans[0].kind, StepKind::kPrefill);
  EXPECT_EQ(plans[0].prompts[1].tokens, 108);
  EXPECT_EQ(plans[1].kind, StepKind::kMixed);
  EXPECT_EQ(plans[1].decodes, (std::vector<RequestId>{0}));
  EXPECT_EQ(plans[1].prompts[0].first, 108);
  EXPECT_EQ(plans[1].prompts[0].tokens, 92);
  EXPECT_EQ(plans[1].prompts[1].id, 2U);
  EXPECT_EQ(table.row(2).outputs, "0 1 2");
}

TEST(MixedBatching, TheNewestGivesWayWhenBlocksRunOutAndIsComputedAgain) {
  auto few = options(8);
  few.prefix_caching = false;
  auto scheduler = mixed(few);
  const StepTable table(*scheduler, {{190, 100}, {190, 100}});
  size_t preemptions = 0;
  for (const Plan& plan : table.plans()) {
    for (const RequestId id : plan.preempted) {
      EXPECT_EQ(id, 1U);
      ++preemptions;
    }
  }
  EXPECT_GE(preemptions, 1U);
  // It comes back with all the tokens that it had.
  const auto again = std::ranges::find_if(table.plans(), [&](const Plan& plan) {
    return !plan.prompts.empty() && plan.prompts[0].first == 0 && plan.prompts[0].id == 1 &&
           &plan > &table.plans()[3];
  });
  ASSERT_NE(again, table.plans().end());
  EXPECT_EQ(again->prompts[0].tokens, 128);
}

TEST(MixedBatching, APromptStartsAtItsFirstBlockThatIsNotThere) {
  auto scheduler = mixed(options());
  const StepTable table(*scheduler, {{128, 2, 0, names_of(1, 128)}, {200, 2, 9, names_of(1, 200)}});
  const Plan& plan = table.plans().at(9);
  EXPECT_EQ(plan.prompts[0].first, 128);
  EXPECT_EQ(plan.prefix.queries, 200);
  EXPECT_EQ(plan.prefix.hits, 128);
}

TEST(MixedBatching, NamesSayNothingWithoutPrefixCaching) {
  auto without = options();
  without.prefix_caching = false;
  auto scheduler = mixed(without);
  const StepTable table(*scheduler, {{128, 2, 0, names_of(1, 128)}, {200, 2, 9, names_of(1, 200)}});
  EXPECT_EQ(table.plans().at(9).prompts[0].first, 0);
}

TEST(MixedBatching, WhatAStepComputesServesOthersFromTheNextOneOn) {
  auto scheduler = mixed(options());
  scheduler->add({.id = 0, .prompt_tokens = 64, .max_tokens = 2, .names = names_of(1, 64)});
  scheduler->add({.id = 1, .prompt_tokens = 65, .max_tokens = 2, .names = names_of(1, 65)});
  const Plan plan = scheduler->next();
  ASSERT_EQ(plan.prompts.size(), 2U);
  EXPECT_EQ(plan.prompts[1].first, 0);
}

TEST(MixedBatching, PriorityGoesBeforeArrivalIfAsked) {
  auto by_priority = options();
  by_priority.by_priority = true;
  by_priority.limits.max_num_seqs = 1;
  auto scheduler = mixed(by_priority);
  scheduler->add({.id = 0, .prompt_tokens = 9, .max_tokens = 2, .priority = 1});
  scheduler->add({.id = 1, .prompt_tokens = 9, .max_tokens = 2, .priority = 0});
  EXPECT_EQ(scheduler->next().prompts[0].id, 1U);
}

TEST(MixedBatching, ALatencyTargetBoundsThePromptsBesideDecodes) {
  auto target = options();
  target.itl_target_s = 0.05;
  auto scheduler = mixed(target);
  scheduler->add({.id = 0, .prompt_tokens = 100, .max_tokens = 50});
  scheduler->next();
  scheduler->took(0.1);  // a millisecond a token
  scheduler->next();
  scheduler->took(0.01);
  scheduler->add({.id = 1, .prompt_tokens = 300, .max_tokens = 50});
  const Plan plan = scheduler->next();
  EXPECT_EQ(plan.prompts[0].tokens, 40);
}

TEST(LatencyBudget, UnsetItIsTwoAndAHalfTimesTheDecodes) {
  LatencyBudget budget(std::nullopt, 512);
  EXPECT_EQ(budget.tokens(1), 32);  // nothing is known yet
  budget.learn(0, 100, 0.1);
  budget.learn(2, 0, 0.1);
  EXPECT_EQ(budget.tokens(2), 150);
  EXPECT_EQ(budget.tokens(1), 150);
  EXPECT_EQ(budget.tokens(4), 300);
  EXPECT_EQ(budget.tokens(40), 512);
}

TEST(LatencyBudget, PromptsGetOnWhateverTheTarget) {
  LatencyBudget tight(0.001, 512);
  tight.learn(0, 100, 0.1);
  tight.learn(2, 0, 0.1);
  EXPECT_EQ(tight.tokens(2), 32);
  EXPECT_EQ(LatencyBudget(0.001, 20).tokens(2), 20);
  EXPECT_EQ(LatencyBudget(0.0, 512).tokens(2), 512);
}

TEST(MixedBatching, OptionsThatMakeNoSenseAreRefused) {
  auto wrong = options();
  wrong.token_budget = 3;
  EXPECT_FALSE(MixedBatching::create(wrong));
  wrong = options(7);
  EXPECT_FALSE(MixedBatching::create(wrong));
}

}  // namespace
}  // namespace spyre::schedule::testing
