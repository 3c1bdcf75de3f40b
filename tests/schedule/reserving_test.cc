// Admission by reservation: order, limits, chunks, refusals, aborts.
#include "schedule/reserving.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schedule/trace.h"

namespace spyre::schedule::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::unique_ptr<Reserving> scheduler(const ReservingOptions& options) {
  auto created = Reserving::create(options);
  EXPECT_TRUE(created.has_value());
  return std::move(*created);
}

constexpr ReservingOptions kFour{
    .max_sequences = 4, .kv_blocks = 8, .max_model_len = 256, .prompt_chunk_tokens = 50};

TEST(Reserving, PromptsRunInChunksOldestFirstThenAllDecode) {
  const auto reserving = scheduler(kFour);
  Trace trace(*reserving);
  trace.add({0, 120, 2});
  trace.add({1, 10, 3});
  std::vector<std::pair<RequestId, int64_t>> parts;
  for (int step = 0; step < 4; ++step) {
    const Plan plan = trace.step();
    ASSERT_EQ(plan.prompts.size(), 1u);
    EXPECT_EQ(plan.padding_tokens, 0);
    EXPECT_FALSE(plan.shape.has_value());
    parts.emplace_back(plan.prompts[0].id, plan.prompts[0].first);
  }
  EXPECT_EQ(parts, (std::vector<std::pair<RequestId, int64_t>>{{0, 0}, {0, 50}, {0, 100}, {1, 0}}));
  EXPECT_EQ(trace.step().decodes, (Ids{0, 1}));
  EXPECT_EQ(trace.step().decodes, Ids{1});
  EXPECT_EQ(trace.step().kind, StepKind::kIdle);
}

TEST(Reserving, ARequestWaitsUntilAllItsBlocksAreFree) {
  const auto reserving = scheduler(kFour);
  Trace trace(*reserving);
  trace.add({0, 60, 200});  // 5 blocks, capped to 4 by the model's length
  trace.add({1, 64, 192});  // 4
  trace.add({2, 1, 1});     // 1, behind 1 in the queue
  trace.step();
  EXPECT_EQ(reserving->snapshot().running, (Ids{0, 1}));
  EXPECT_EQ(reserving->snapshot().waiting, Ids{2});
  EXPECT_EQ(reserving->snapshot().blocks_reserved, 8);
  trace.abort(0);
  trace.step();
  EXPECT_EQ(reserving->snapshot().running, (Ids{1, 2}));
  EXPECT_EQ(reserving->snapshot().blocks_reserved, 5);
}

TEST(Reserving, SequencesCountToo) {
  const auto reserving = scheduler(kFour);
  Trace trace(*reserving);
  trace.add({0, 10, 5, 3});
  trace.add({1, 10, 5, 2});
  trace.add({2, 10, 5, 1});
  trace.step();
  // FIFO: 2 would fit, but 1 is before it.
  EXPECT_EQ(reserving->snapshot().running, Ids{0});
  EXPECT_EQ(reserving->snapshot().waiting, (Ids{1, 2}));
}

TEST(Reserving, BeamsReserveABlockMoreEach) {
  const auto reserving = scheduler(kFour);
  EXPECT_TRUE(reserving->admissible({0, 64, 64, 2, true}));    // 2 * 3
  EXPECT_FALSE(reserving->admissible({0, 64, 128, 3, true}));  // 3 * 4
  EXPECT_FALSE(reserving->admissible({0, 64, 64, 3, true}));   // 3 * 3
  EXPECT_TRUE(reserving->admissible({0, 64, 64, 3, false}));
}

TEST(Reserving, RefusalsNameTheSetting) {
  const auto reserving = scheduler(kFour);
  const auto refusal = [&](const Demand& demand) {
    const Status status = reserving->admissible(demand);
    return status ? std::string("accepted") : status.error().message;
  };
  EXPECT_THAT(refusal({0, 256, 1}), HasSubstr("--max-model-len"));
  EXPECT_EQ(refusal({0, 255, 1}), "accepted");
  EXPECT_EQ(refusal({0, 10, 1, 5}),
            "n: wanted at most 4 sequences at once (--max-num-seqs), found 5");
  EXPECT_THAT(refusal({0, 10, 1, 5, true}), HasSubstr("beam_width"));
  EXPECT_EQ(refusal({0, 100, 100, 3}),
            "the request may need 12 KV blocks of 64 tokens, the cache has 8; lower max_tokens or "
            "raise --kv-cache-memory-bytes");
}

TEST(Reserving, OptionsMustBePositive) {
  for (const ReservingOptions& options :
       {ReservingOptions{0, 8, 256, 50}, ReservingOptions{4, 0, 256, 50},
        ReservingOptions{4, 8, 0, 50}, ReservingOptions{4, 8, 256, 0}}) {
    EXPECT_FALSE(Reserving::create(options));
  }
}

TEST(Reserving, WhatARequestMayAskFor) {
  const auto reserving = scheduler(kFour);
  EXPECT_EQ(reserving->most_new_tokens(56), 200);
  EXPECT_EQ(reserving->most_new_tokens(300), 0);
  EXPECT_EQ(reserving->most_sequences(64, 64), 4);
  EXPECT_EQ(reserving->most_sequences(100, 100), 2);
  EXPECT_EQ(reserving->most_sequences(256, 1), 0);
  const auto scarce = scheduler({.max_sequences = 1, .kv_blocks = 2, .max_model_len = 256});
  EXPECT_EQ(scarce->most_new_tokens(28), 100);
}

TEST(Reserving, WhatCanBeSeen) {
  const auto reserving = scheduler(kFour);
  Trace trace(*reserving);
  trace.add({0, 100, 3, 2});
  trace.step();
  EXPECT_EQ(reserving->snapshot().tkv, 50);
  EXPECT_EQ(reserving->snapshot().blocks_used, 1);
  trace.step();
  EXPECT_EQ(reserving->snapshot().tkv, 100);
  EXPECT_EQ(reserving->snapshot().blocks_used, 2);
  trace.step();
  EXPECT_EQ(reserving->snapshot().tkv, 101);
  EXPECT_EQ(reserving->snapshot().blocks_used, 3);  // the first block is shared
  trace.step();
  EXPECT_EQ(reserving->snapshot().tkv, 0);
  EXPECT_EQ(reserving->snapshot().blocks_reserved, 0);
  EXPECT_THAT(reserving->snapshot().block_tables, IsEmpty());
}

TEST(Reserving, DraftsTakeASequenceFurther) {
  const auto reserving = scheduler(kFour);
  Trace trace(*reserving);
  trace.add({0, 60, 100}, 4);
  trace.step();
  trace.step();
  trace.step();
  reserving->computed(0, 60);  // what is known already
  reserving->computed(1, 99);  // unknown
  EXPECT_EQ(reserving->snapshot().tkv, 61);
  EXPECT_EQ(reserving->snapshot().blocks_used, 1);
  reserving->computed(0, 65);
  EXPECT_EQ(reserving->snapshot().tkv, 65);
  EXPECT_EQ(reserving->snapshot().blocks_used, 2);
}

TEST(Reserving, AbortsAtEveryStage) {
  const auto reserving = scheduler(
      {.max_sequences = 1, .kv_blocks = 8, .max_model_len = 256, .prompt_chunk_tokens = 50});
  Trace trace(*reserving);
  for (RequestId id = 0; id < 4; ++id) trace.add({id, 100, 5});
  trace.step();
  trace.abort(0);  // in the middle of its prompt
  trace.abort(2);  // waiting
  reserving->finish(17);
  EXPECT_EQ(prompt_ids(trace.step()), Ids{1});
  trace.step();
  EXPECT_EQ(trace.step().decodes, Ids{1});
  trace.abort(1);  // decoding
  EXPECT_EQ(prompt_ids(trace.step()), Ids{3});
  trace.abort(3);
  EXPECT_EQ(trace.step().kind, StepKind::kIdle);
  EXPECT_EQ(reserving->snapshot().blocks_reserved, 0);
}

}  // namespace
}  // namespace spyre::schedule::testing
