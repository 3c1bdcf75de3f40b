// Random traces: arrivals, answers that end early and aborts at any time never break what static
// batching promises.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "schedule/static_batching.h"
#include "schedule/trace.h"

namespace spyre::schedule::testing {
namespace {

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  int64_t from(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine_);
  }

 private:
  std::mt19937_64 engine_;
};

std::vector<Shape> random_shapes(Dice& dice) {
  std::vector<Shape> shapes(static_cast<size_t>(dice.from(1, 4)));
  for (Shape& shape : shapes) {
    shape = {.prompt_tokens = 64 * dice.from(1, 4),
             .new_tokens = dice.from(1, 12),
             .batch_size = dice.from(1, 5)};
  }
  return shapes;
}

// A request that some shape holds.
Demand random_demand(Dice& dice, RequestId id, const StaticBatching& scheduler) {
  const auto& shapes = scheduler.shapes();
  const Shape& shape = shapes[static_cast<size_t>(dice.from(0, std::ssize(shapes) - 1))];
  return {.id = id,
          .prompt_tokens = dice.from(1, shape.prompt_tokens),
          .max_tokens = dice.from(1, shape.new_tokens),
          .sequences = dice.from(0, 3) == 0 ? dice.from(1, shape.batch_size) : 1};
}

bool are_equals(const Demand& a, const Demand& b) {
  return a.prompt_tokens == b.prompt_tokens && a.max_tokens == b.max_tokens &&
         a.sequences == b.sequences;
}

void expect_that_it_holds(const Plan& plan, const std::map<RequestId, Demand>& demands) {
  int64_t rows = 0;
  int64_t tokens = 0;
  for (const PromptPart& part : plan.prompts) {
    const Demand& demand = demands.at(part.id);
    EXPECT_TRUE(fits(*plan.shape, demand.prompt_tokens, demand.max_tokens));
    EXPECT_EQ(part.tokens, demand.prompt_tokens);
    EXPECT_EQ(part.left_padding + part.tokens, plan.shape->prompt_tokens);
    rows += demand.sequences;
    tokens += part.tokens;
  }
  EXPECT_LE(rows, plan.shape->batch_size);
  EXPECT_EQ(plan.padding_tokens + tokens, plan.shape->prompt_tokens * plan.shape->batch_size);
}

class StaticBatchingProperty : public ::testing::TestWithParam<ShapeChoice> {};

TEST_P(StaticBatchingProperty, EveryRequestRunsItsTokensAndEqualsKeepTheirOrder) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    auto scheduler =
        std::move(*StaticBatching::create({.shapes = random_shapes(dice), .choice = GetParam()}));
    Trace trace(*scheduler);
    std::map<RequestId, Demand> demands;
    std::map<RequestId, int64_t> wanted;
    std::vector<RequestId> aborted;
    std::vector<RequestId> started;
    const RequestId count = 30;
    for (int steps_left = 3000; demands.size() < count || trace.num_live() > 0; --steps_left) {
      ASSERT_GT(steps_left, 0) << "requests wait for ever";
      while (demands.size() < count && dice.from(0, 2) == 0) {
        const Demand demand = random_demand(dice, demands.size(), *scheduler);
        ASSERT_TRUE(scheduler->admissible(demand));
        demands[demand.id] = demand;
        wanted[demand.id] = dice.from(1, demand.max_tokens);
        trace.add(demand, wanted[demand.id]);
      }
      if (dice.from(0, 15) == 0 && !demands.empty()) {
        const auto id = static_cast<RequestId>(dice.from(0, std::ssize(demands) - 1));
        if (trace.is_live(id)) aborted.push_back(id);
        trace.abort(id);
      }
      const Ids waiting = scheduler->snapshot().waiting;
      const Plan plan = trace.step();
      if (plan.kind != StepKind::kPrefill) continue;
      expect_that_it_holds(plan, demands);
      EXPECT_EQ(plan.prompts.front().id, waiting.front()) << "the head of the queue was passed by";
      for (const PromptPart& part : plan.prompts) started.push_back(part.id);
    }
    for (const auto& [id, tokens] : wanted) {
      if (std::ranges::count(aborted, id) > 0) continue;
      EXPECT_EQ(trace.made().at(id), tokens) << "request " << id;
    }
    for (size_t i = 0; i < started.size(); ++i) {
      for (size_t j = i + 1; j < started.size(); ++j) {
        if (!are_equals(demands[started[i]], demands[started[j]])) continue;
        EXPECT_LT(started[i], started[j]) << "an equal request was overtaken";
      }
    }
    EXPECT_EQ(trace.step().kind, StepKind::kIdle);
    EXPECT_EQ(scheduler->snapshot().blocks_used, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Choices, StaticBatchingProperty,
                         ::testing::Values(ShapeChoice::kOrder, ShapeChoice::kLeastWork));

}  // namespace
}  // namespace spyre::schedule::testing
