#include "schedule/packed_batching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spyre::schedule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::unique_ptr<PackedBatching> batching(const PackedBatchingOptions& options) {
  return PackedBatching::create(options).value();
}

std::vector<RequestId> ids(const Plan& plan) {
  std::vector<RequestId> found;
  found.reserve(plan.prompts.size());
  for (const PromptPart& part : plan.prompts) found.push_back(part.id);
  return found;
}

// Runs a step to its end.
std::vector<RequestId> step(PackedBatching& scheduler) {
  const auto found = ids(scheduler.next());
  for (const RequestId id : found) scheduler.finish(id);
  return found;
}

TEST(PackedBatching, StepsHoldWhatTheirTokensAllow) {
  auto scheduler = batching({.step_tokens = 100, .max_sequences = 8, .max_tokens = 100});
  for (const auto& [id, tokens] : {std::pair(1, 60), {2, 40}, {3, 1}, {4, 100}, {5, 7}}) {
    scheduler->add({.id = static_cast<RequestId>(id), .prompt_tokens = tokens});
  }
  EXPECT_THAT(step(*scheduler), ElementsAre(1, 2));
  EXPECT_THAT(step(*scheduler), ElementsAre(3));
  EXPECT_THAT(step(*scheduler), ElementsAre(4));
  EXPECT_THAT(step(*scheduler), ElementsAre(5));
  EXPECT_EQ(scheduler->next().kind, StepKind::kIdle);
}

TEST(PackedBatching, StepsHoldSoManyTexts) {
  auto scheduler = batching({.step_tokens = 100, .max_sequences = 2, .max_tokens = 10});
  for (RequestId id = 1; id <= 3; ++id) scheduler->add({.id = id, .prompt_tokens = 1});
  EXPECT_THAT(step(*scheduler), ElementsAre(1, 2));
  EXPECT_THAT(step(*scheduler), ElementsAre(3));
}

TEST(PackedBatching, AWaitingTextThatEndsIsNotRun) {
  auto scheduler = batching({.step_tokens = 10, .max_sequences = 8, .max_tokens = 10});
  for (RequestId id = 1; id <= 3; ++id) scheduler->add({.id = id, .prompt_tokens = 5});
  scheduler->finish(2);
  EXPECT_THAT(step(*scheduler), ElementsAre(1, 3));
}

TEST(PackedBatching, RefusesATextThatIsTooLong) {
  auto scheduler = batching({.step_tokens = 100, .max_sequences = 8, .max_tokens = 64});
  EXPECT_TRUE(scheduler->admissible({.prompt_tokens = 64}));
  const Status refused = scheduler->admissible({.prompt_tokens = 65});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("a text of 65 tokens: wanted at most 64"));
}

TEST(PackedBatching, RefusesLimitsThatHoldNoText) {
  EXPECT_FALSE(PackedBatching::create({.step_tokens = 10, .max_sequences = 1, .max_tokens = 11}));
  EXPECT_FALSE(PackedBatching::create({.step_tokens = 10, .max_sequences = 0, .max_tokens = 1}));
}

}  // namespace
}  // namespace spyre::schedule
