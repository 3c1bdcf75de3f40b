// When drafts are made: as long as they pay, and after a pause once more.
#include "engine/draft_gate.h"

#include <gtest/gtest.h>

namespace spyre::engine {
namespace {

// Steps until the gate is open again.
int pause_of(DraftGate& gate) {
  int steps = 0;
  while (!gate.open()) ++steps;
  return steps;
}

TEST(DraftGate, StaysOpenWhileDraftsPay) {
  DraftGate gate;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(gate.open());
    gate.count(4, 1, 0.2);
  }
}

TEST(DraftGate, HopesForAFewDraftsThenPausesLongerAndLonger) {
  DraftGate gate;
  int drafts = 0;
  while (gate.open()) {
    gate.count(4, 0, 0.2);
    ++drafts;
  }
  EXPECT_GT(drafts, 2);
  EXPECT_LT(drafts, 12);
  int before = 1 + pause_of(gate);
  for (int i = 0; i < 10; ++i) {
    gate.count(4, 0, 0.2);
    const int pause = pause_of(gate);
    EXPECT_TRUE(pause == 2 * before || pause == 64) << pause;
    before = pause;
  }
  EXPECT_EQ(before, 64);
}

TEST(DraftGate, OneGoodDraftOpensItAgain) {
  DraftGate gate;
  for (int i = 0; i < 20; ++i) {
    if (gate.open()) gate.count(4, 0, 0.2);
  }
  pause_of(gate);
  gate.count(4, 4, 0.2);
  EXPECT_TRUE(gate.open());
}

TEST(DraftGate, MoreSequencesWantMoreAcceptance) {
  double before = 0;
  for (const int64_t sequences : {1, 2, 8, 64}) {
    const double share = worthwhile_acceptance(sequences);
    EXPECT_GT(share, before);
    EXPECT_LT(share, 1);
    before = share;
  }
  EXPECT_LT(worthwhile_acceptance(1), 0.25);
  EXPECT_GT(worthwhile_acceptance(32), 0.6);
}

}  // namespace
}  // namespace spyre::engine
