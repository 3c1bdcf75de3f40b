// Random traces of every mode of continuous batching, each against a model of its rules.
#include <gtest/gtest.h>

#include "chunked_model.h"
#include "continuous_duel.h"
#include "legacy_model.h"
#include "mixed_model.h"
#include "schedule/chunked_batching.h"
#include "schedule/legacy_batching.h"
#include "schedule/mixed_batching.h"
#include "schedule/seed_batching.h"
#include "seed_model.h"

namespace spyre::schedule::testing {
namespace {

#ifdef NDEBUG
constexpr uint64_t kTraces = 10'000;
#else  // under sanitizers, too
constexpr uint64_t kTraces = 500;
#endif

// Everything from what just holds one request of the model's length to plenty.
ModelLimits random_limits(Dice& dice) {
  ModelLimits limits = {.max_num_seqs = dice.from(1, 6), .max_model_len = dice.from(66, 512)};
  const int64_t least = blocks_for(limits.max_model_len);
  const int64_t plenty = limits.max_num_seqs * least;
  limits.kv_blocks = dice.from(least, dice.one_in(2) ? std::min(plenty, least + 4) : plenty);
  return limits;
}

// From the least that holds the longest request to no limit at all.
int64_t random_volume_limit(Dice& dice, const ModelLimits& limits) {
  return dice.from(limits.max_model_len, limits.max_model_len * dice.from(1, limits.max_num_seqs));
}

ContinuousLimits schedulers(const ModelLimits& limits) {
  return {.max_num_seqs = limits.max_num_seqs,
          .max_model_len = limits.max_model_len,
          .kv_blocks = limits.kv_blocks};
}

void run_seed_trace(Dice& dice, Sights& sights) {
  SeedModelOptions with = {.limits = random_limits(dice), .drop_padding = dice.one_in(2)};
  // It reserves nothing, so it wants all that its rows could need.
  with.limits.kv_blocks = with.limits.max_num_seqs * blocks_for(with.limits.max_model_len);
  auto scheduler =
      SeedBatching::create({.limits = schedulers(with.limits), .drop_padding = with.drop_padding});
  ASSERT_TRUE(scheduler);
  const Promises promises = {.limits = with.limits, .is_padded = true};
  Duel(std::move(*scheduler), SeedModel(with), promises, dice, sights).run();
}

void run_legacy_trace(Dice& dice, Sights& sights) {
  LegacyModelOptions with = {.limits = random_limits(dice), .drop_padding = !dice.one_in(4)};
  with.volume_limit = random_volume_limit(dice, with.limits);
  if (dice.one_in(6)) with.prefill_priority_tokens = dice.from(1, 256);
  if (dice.one_in(6)) with.max_waiting_s = static_cast<double>(dice.from(1, 60));
  auto scheduler = LegacyBatching::create({.limits = schedulers(with.limits),
                                           .volume_limit = with.volume_limit,
                                           .drop_padding = with.drop_padding,
                                           .prefill_priority_tokens = with.prefill_priority_tokens,
                                           .max_waiting_s = with.max_waiting_s});
  ASSERT_TRUE(scheduler);
  const Promises promises = {
      .limits = with.limits, .volume_limit = with.volume_limit, .is_padded = true};
  Duel(std::move(*scheduler), LegacyModel(with), promises, dice, sights).run();
}

void run_chunked_trace(Dice& dice, Sights& sights) {
  ChunkedModelOptions with = {.limits = random_limits(dice)};
  with.chunk_tokens = kBlock * dice.from(1, 3);
  with.volume_limit = random_volume_limit(dice, with.limits);
  with.interleave = !dice.one_in(3);
  with.pausing = !dice.one_in(3);
  with.long_outputs = dice.one_in(2);
  with.prefix_caching = !dice.one_in(4);
  auto scheduler = ChunkedBatching::create({.limits = schedulers(with.limits),
                                            .chunk_tokens = with.chunk_tokens,
                                            .volume_limit = with.volume_limit,
                                            .interleave = with.interleave,
                                            .pausing = with.pausing,
                                            .long_outputs = with.long_outputs,
                                            .prefix_caching = with.prefix_caching});
  ASSERT_TRUE(scheduler);
  const Promises promises = {
      .limits = with.limits,
      .most_step_tokens = std::max(with.chunk_tokens, with.limits.max_num_seqs),
      .volume_limit = with.volume_limit,
      .in_order = with.pausing};
  Duel(std::move(*scheduler), ChunkedModel(with), promises, dice, sights).run();
}

void run_mixed_trace(Dice& dice, Sights& sights) {
  MixedModelOptions with = {.limits = random_limits(dice)};
  with.token_budget = dice.from(with.limits.max_num_seqs, dice.one_in(2) ? 40 : 256);
  with.by_priority = dice.one_in(3);
  with.prefix_caching = !dice.one_in(4);
  auto scheduler = MixedBatching::create({.limits = schedulers(with.limits),
                                          .token_budget = with.token_budget,
                                          .itl_target_s = 0,
                                          .by_priority = with.by_priority,
                                          .prefix_caching = with.prefix_caching});
  ASSERT_TRUE(scheduler);
  const Promises promises = {.limits = with.limits,
                             .most_step_tokens = with.token_budget,
                             .mixes = true,
                             .by_priority = with.by_priority,
                             // Long ones make blocks run out.
                             .usual_answer = dice.one_in(4) ? 250 : 20};
  Duel(std::move(*scheduler), MixedModel(with), promises, dice, sights).run();
}

struct Mode {
  const char* name;
  void (*run_trace)(Dice& dice, Sights& sights);
  // What its traces must come upon.
  std::vector<int64_t Sights::*> sights;
};

class ContinuousProperty : public ::testing::TestWithParam<Mode> {};

TEST_P(ContinuousProperty, FollowsItsModelAndKeepsWhatAllModesPromise) {
  Sights sights;
  for (uint64_t seed = 0; seed < kTraces; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    GetParam().run_trace(dice, sights);
    if (HasFailure()) return;
  }
  std::vector<int64_t Sights::*> wanted = {&Sights::steps, &Sights::aborts, &Sights::joins};
  wanted.insert(wanted.end(), GetParam().sights.begin(), GetParam().sights.end());
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_GT(sights.*wanted[i], static_cast<int64_t>(kTraces / 100)) << "sight " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Modes, ContinuousProperty,
    ::testing::Values(Mode{"Seed", run_seed_trace, {&Sights::shifts}},
                      Mode{"Legacy", run_legacy_trace, {&Sights::shifts}},
                      Mode{"Chunked",
                           run_chunked_trace,
                           {&Sights::hit_tokens, &Sights::shared_blocks, &Sights::pauses,
                            &Sights::resumes, &Sights::shifts}},
                      Mode{"Mixed",
                           run_mixed_trace,
                           {&Sights::hit_tokens, &Sights::shared_blocks, &Sights::preemptions}}),
    [](const auto& mode) { return std::string(mode.param.name); });

}  // namespace
}  // namespace spyre::schedule::testing
