#include "sample/finish.h"

#include <gtest/gtest.h>

namespace spyre::sample {
namespace {

constexpr Progress kEarly{.generated = 5, .total = 10, .max_model_len = 100};

TEST(Finish, GoesOnByDefault) { EXPECT_FALSE(check_finish({.eos_token_ids = {2}}, 1, kEarly)); }

TEST(Finish, EosHasNoStopReason) {
  const auto finish = check_finish({.stop_token_ids = {2}, .eos_token_ids = {1, 2}}, 2, kEarly);
  ASSERT_TRUE(finish);
  EXPECT_EQ(finish->reason, FinishReason::kStop);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(finish->stop_reason));
}

TEST(Finish, StopTokenIsTheStopReasonAlsoWithIgnoreEos) {
  const SamplingParams params{.ignore_eos = true, .stop_token_ids = {2}, .eos_token_ids = {1, 2}};
  EXPECT_FALSE(check_finish(params, 1, kEarly));
  const auto finish = check_finish(params, 2, kEarly);
  ASSERT_TRUE(finish);
  EXPECT_EQ(finish->reason, FinishReason::kStop);
  EXPECT_EQ(std::get<int32_t>(finish->stop_reason), 2);
}

TEST(Finish, MinTokensComeFirst) {
  const SamplingParams params{.min_tokens = 6, .stop_token_ids = {3}, .eos_token_ids = {2}};
  EXPECT_FALSE(check_finish(params, 2, kEarly));
  EXPECT_FALSE(check_finish(params, 3, kEarly));
  EXPECT_TRUE(check_finish(params, 2, {.generated = 6, .total = 11, .max_model_len = 100}));
}

TEST(Finish, Length) {
  const auto by_tokens =
      check_finish({.max_tokens = 5}, 1, {.generated = 5, .total = 6, .max_model_len = 100});
  ASSERT_TRUE(by_tokens);
  EXPECT_EQ(by_tokens->reason, FinishReason::kLength);
  const auto by_model =
      check_finish({.min_tokens = 9}, 1, {.generated = 5, .total = 100, .max_model_len = 100});
  ASSERT_TRUE(by_model);
  EXPECT_EQ(by_model->reason, FinishReason::kLength);
  // An end by itself wins over a length that was reached with it.
  const auto both = check_finish({.max_tokens = 5, .eos_token_ids = {1}}, 1, kEarly);
  ASSERT_TRUE(both);
  EXPECT_EQ(both->reason, FinishReason::kStop);
}

TEST(Finish, Names) {
  EXPECT_EQ(name(FinishReason::kStop), "stop");
  EXPECT_EQ(name(FinishReason::kLength), "length");
  EXPECT_EQ(name(FinishReason::kAbort), "abort");
}

}  // namespace
}  // namespace spyre::sample
