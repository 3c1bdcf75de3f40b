#include "cli/kv_budget.h"

#include <gtest/gtest.h>

namespace spyre::cli {
namespace {

KvBudget plenty() {
  return {.block_bytes = 1000,
          .blocks_per_sequence = 8,
          .sequences = 4,
          .wanted_bytes = std::nullopt,
          .memory_bytes = 1'000'000,
          .weight_bytes = 100'000};
}

TEST(KvBudget, NoMoreThanTheSequencesCanUse) { EXPECT_EQ(kv_blocks(plenty()), 32); }

TEST(KvBudget, HalfOfWhatTheWeightsLeave) {
  KvBudget budget = plenty();
  budget.memory_bytes = 140'000;
  EXPECT_EQ(kv_blocks(budget), 20);
}

TEST(KvBudget, TheGivenSizeWins) {
  KvBudget budget = plenty();
  budget.wanted_bytes = 5999;
  EXPECT_EQ(kv_blocks(budget), 5);
}

TEST(KvBudget, NeverNothing) {
  KvBudget budget = plenty();
  budget.weight_bytes = 2'000'000;
  EXPECT_EQ(kv_blocks(budget), 1);
}

}  // namespace
}  // namespace spyre::cli
