#include "compile/memory_plan.h"

#include <gtest/gtest.h>

#include <random>

namespace spyre::compile {
namespace {

void expect_apart(const std::vector<Lifetime>& values, const MemoryPlan& plan) {
  for (size_t a = 0; a < values.size(); ++a) {
    EXPECT_EQ(plan.offsets[a] % 16, 0);
    EXPECT_LE(plan.offsets[a] + values[a].elements, plan.elements);
    for (size_t b = a + 1; b < values.size(); ++b) {
      if (values[a].first > values[b].last || values[b].first > values[a].last) continue;
      EXPECT_TRUE(plan.offsets[a] + values[a].elements <= plan.offsets[b] ||
                  plan.offsets[b] + values[b].elements <= plan.offsets[a])
          << "values " << a << " and " << b;
    }
  }
}

TEST(MemoryPlan, ValuesThatLiveTogetherDoNotOverlap) {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<Lifetime> values;
    for (int i = 0; i < 40; ++i) {
      const auto first = static_cast<int64_t>(random() % 20);
      values.push_back({.elements = static_cast<int64_t>(1 + random() % 200),
                        .first = first,
                        .last = first + static_cast<int64_t>(random() % 4)});
    }
    expect_apart(values, plan_memory(values));
  }
}

TEST(MemoryPlan, ValuesThatNeverMeetShareMemory) {
  const std::vector<Lifetime> values = {{.elements = 64, .first = 0, .last = 1},
                                        {.elements = 32, .first = 1, .last = 2},
                                        {.elements = 64, .first = 2, .last = 3}};
  const MemoryPlan plan = plan_memory(values);
  EXPECT_EQ(plan.elements, 96);
  EXPECT_EQ(plan.offsets[0], plan.offsets[2]);
}

TEST(MemoryPlan, AValueThatDiesInAStepIsStillThereForIt) {
  const std::vector<Lifetime> values = {{.elements = 16, .first = 0, .last = 1},
                                        {.elements = 16, .first = 1, .last = 1}};
  EXPECT_EQ(plan_memory(values).elements, 32);
}

TEST(MemoryPlan, NothingTakesNothing) { EXPECT_EQ(plan_memory({}).elements, 0); }

}  // namespace
}  // namespace spyre::compile
