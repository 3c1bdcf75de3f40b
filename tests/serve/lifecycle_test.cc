#include "serve/lifecycle.h"

#include <gtest/gtest.h>

namespace spyre::serve {
namespace {

TEST(Lifecycle, OnlyAReadyServerTakesRequests) {
  Lifecycle lifecycle;
  EXPECT_EQ(lifecycle.state().phase, Phase::kLoading);
  for (const Phase phase : {Phase::kLoading, Phase::kCompiling, Phase::kWarmingUp, Phase::kReady,
                            Phase::kDraining, Phase::kStopped}) {
    lifecycle.enter(phase);
    EXPECT_EQ(lifecycle.accepts_inference(), phase == Phase::kReady) << name(phase);
  }
}

TEST(Lifecycle, ProgressBelongsToItsPhase) {
  Lifecycle lifecycle;
  EXPECT_FALSE(lifecycle.state().eta_seconds.has_value());
  lifecycle.progress(3, 4);
  EXPECT_EQ(lifecycle.state().done, 3);
  EXPECT_GE(lifecycle.state().eta_seconds.value(), 0);
  lifecycle.progress(4, 4);
  EXPECT_EQ(lifecycle.state().eta_seconds, 0);
  lifecycle.enter(Phase::kWarmingUp);
  EXPECT_EQ(lifecycle.state().total, 0);
  EXPECT_FALSE(lifecycle.state().eta_seconds.has_value());
}

TEST(Lifecycle, TheDeadStayDead) {
  Lifecycle lifecycle;
  lifecycle.die("no memory");
  lifecycle.enter(Phase::kReady);
  EXPECT_EQ(lifecycle.state().phase, Phase::kDead);
  EXPECT_EQ(lifecycle.state().message, "no memory");
  EXPECT_FALSE(lifecycle.accepts_inference());
}

}  // namespace
}  // namespace spyre::serve
