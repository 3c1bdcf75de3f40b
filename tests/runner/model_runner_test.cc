// Programs are capacities: what a step computes must not depend on which one runs it.
#include "runner/model_runner.h"

#include <gtest/gtest.h>

#include "runner/fixture.h"

namespace spyre::runner {
namespace {

using testing::LoadedModel;

Step step_of(const std::vector<int32_t>& tokens, int64_t max_blocks) {
  Step step;
  for (size_t i = 0; i < tokens.size(); ++i) {
    step.tokens.push_back(tokens[i]);
    step.positions.push_back(static_cast<int32_t>(i));
    step.sequences.push_back(0);
  }
  step.output_rows.push_back(static_cast<int32_t>(tokens.size()) - 1);
  for (int32_t block = 0; block < max_blocks; ++block) step.block_table.push_back(block);
  step.num_sequences = 1;
  return step;
}

std::vector<float> logits_of(ModelRunner& runner, const std::vector<int32_t>& tokens) {
  const auto logits = runner.run(step_of(tokens, runner.max_blocks())).value();
  return {logits.begin(), logits.end()};
}

TEST(ModelRunner, AStepHasTheSameBitsInEveryProgramThatHoldsIt) {
  // Rows of every kind: learned positions, experts, sliding windows, heads normalised on their own.
  for (const char* name : {"decoders/opt", "decoders/granite_moe", "decoders/gemma3"}) {
    std::vector<std::vector<float>> results;
    for (const int64_t rows : {5, 6, 64, 512}) {
      LoadedModel model(name, {.chunk_rows = rows});
      results.push_back(logits_of(model.runner(), {3, 1, 4, 1, 5}));
      EXPECT_EQ(results.back().size(), static_cast<size_t>(model.runner().vocab_size()));
      EXPECT_EQ(results.back(), results.front()) << name << ", " << rows;
    }
  }
}

TEST(ModelRunner, AStepThatNoProgramHoldsIsRefused) {
  LoadedModel model("decoders/llama", {.chunk_rows = 4});
  const auto refused = model.runner().run(step_of({3, 1, 4, 1, 5}, model.runner().max_blocks()));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::kInternal);
  EXPECT_EQ(refused.error().message,
            "no program was prepared for a step of 5 rows, 1 sequences and 1 output rows");
  ASSERT_TRUE(model.runner().prepare({.rows = 5}).has_value());
  EXPECT_EQ(logits_of(model.runner(), {3, 1, 4, 1, 5}).size(),
            static_cast<size_t>(model.runner().vocab_size()));
}

TEST(ModelRunner, ScratchIsThatOfTheLargestProgram) {
  LoadedModel model("decoders/llama", {.chunk_rows = 64});
  const int64_t before = model.runner().scratch_bytes();
  EXPECT_GT(before, 0);
  ASSERT_TRUE(model.runner().prepare({.rows = 8}).has_value());
  EXPECT_EQ(model.runner().scratch_bytes(), before);
  ASSERT_TRUE(model.runner().prepare({.rows = 128}).has_value());
  EXPECT_GT(model.runner().scratch_bytes(), before);
}

TEST(ModelRunner, WhatNoGraphCanBeBuiltForIsAnError) {
  LoadedModel model("decoders/llama", {});
  EXPECT_FALSE(model.runner().prepare({.rows = 0}).has_value());
}

}  // namespace
}  // namespace spyre::runner
