// When drafts are made: as long as they pay, and after a pause once more.
#include "engine/draft_gate.h"

#include <gtest/gtest.h>

namespace spyre::engine {
namespace {

constexpr int64_t kTokens = 4;

// Steps until a draft may be made again.
int pause_of(DraftGate& gate) {
  int steps = 0;
  while (gate.longest_draft(kTokens) == 0) ++steps;
  return steps;
}

TEST(DraftGate, StaysOpenWhileDraftsPay) {
  DraftGate gate;
  for (int i = 0; i < 100; ++i) {
    ASSERT_GT(gate.longest_draft(kTokens), 0);
    gate.count(4, 1, 2);
  }
}

TEST(DraftGate, DraftsAreTheLongerTheMoreIsAccepted) {
  DraftGate gate;
  EXPECT_EQ(gate.longest_draft(kTokens), 2);
  EXPECT_EQ(gate.longest_draft(1), 1);
  for (int i = 0; i < 20; ++i) gate.count(4, 4, 1);
  EXPECT_EQ(gate.longest_draft(kTokens), 4);
  EXPECT_EQ(gate.longest_draft(16), 16);
  for (int i = 0; i < 5; ++i) gate.count(4, 0, 1);
  EXPECT_EQ(gate.longest_draft(kTokens), 1);
}

TEST(DraftGate, TriesAFewDraftsThenPausesLongerAndLonger) {
  DraftGate gate;
  int drafts = 0;
  while (gate.longest_draft(kTokens) > 0) {
    gate.count(4, 0, 1);
    ++drafts;
  }
  EXPECT_GT(drafts, 2);
  EXPECT_LT(drafts, 10);
  int before = 1 + pause_of(gate);
  for (int i = 0; i < 10; ++i) {
    gate.count(1, 0, 1);
    const int pause = pause_of(gate);
    EXPECT_TRUE(pause == 2 * before || pause == 64) << pause;
    before = pause;
  }
  EXPECT_EQ(before, 64);
}

TEST(DraftGate, OneGoodDraftOpensItAgain) {
  DraftGate gate;
  for (int i = 0; i < 20; ++i) {
    if (gate.longest_draft(kTokens) > 0) gate.count(4, 0, 1);
  }
  pause_of(gate);
  gate.count(1, 1, 1);
  EXPECT_GT(gate.longest_draft(kTokens), 1);
}

TEST(DraftGate, ATrialBesideManyIsRare) {
  DraftGate one;
  DraftGate many;
  while (one.longest_draft(kTokens) > 0) one.count(4, 0, 1);
  while (many.longest_draft(kTokens) > 0) many.count(4, 0, 16);
  EXPECT_EQ(1 + pause_of(many), 16 * (1 + pause_of(one)));
}

TEST(DraftGate, MoreSequencesWantMoreAcceptance) {
  double before = 0;
  for (const int64_t sequences : {1, 2, 8, 64}) {
    const double share = worthwhile_acceptance(sequences);
    EXPECT_GT(share, before);
    EXPECT_LT(share, 1);
    before = share;
  }
  EXPECT_LT(worthwhile_acceptance(1), 0.2);
  EXPECT_GT(worthwhile_acceptance(32), 0.6);
}

}  // namespace
}  // namespace spyre::engine
