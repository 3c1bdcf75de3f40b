#include "sample/params.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "sample/workspace.h"

namespace spyre::sample {
namespace {

using testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr SamplingLimits kLimits{.vocab_size = 100};

struct Refusal {
  const char* name;
  const char* message;  // a part of it
  std::function<void(SamplingParams&)> change;
};

class Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Refused, WithTheFieldAndWhatWasFound) {
  SamplingParams params;
  GetParam().change(params);
  const Status status = validate(params, kLimits);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kInvalidArgument);
  EXPECT_THAT(status.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Params, Refused,
    testing::Values(
        Refusal{"temperature_below", "temperature: wanted a number from 0 to 2, found -0.1",
                [](auto& p) { p.temperature = -0.1f; }},
        Refusal{"temperature_above", "temperature: ", [](auto& p) { p.temperature = 2.1f; }},
        Refusal{"temperature_nan", "found nan", [](auto& p) { p.temperature = kNan; }},
        Refusal{"temperature_inf", "found inf", [](auto& p) { p.temperature = kInf; }},
        Refusal{"top_k", "top_k: wanted at least 1, or 0 or -1 for off, found -2",
                [](auto& p) { p.top_k = -2; }},
        Refusal{"top_p_zero", "top_p: wanted a number above 0, at most 1, found 0",
                [](auto& p) { p.top_p = 0; }},
        Refusal{"top_p_above", "top_p: ", [](auto& p) { p.top_p = 1.01f; }},
        Refusal{"top_p_nan", "top_p: ", [](auto& p) { p.top_p = kNan; }},
        Refusal{"min_p_below", "min_p: ", [](auto& p) { p.min_p = -0.1f; }},
        Refusal{"min_p_above", "min_p: ", [](auto& p) { p.min_p = 1.1f; }},
        Refusal{"presence", "presence_penalty: wanted a number from -2 to 2, found 2.5",
                [](auto& p) { p.presence_penalty = 2.5f; }},
        Refusal{"frequency", "frequency_penalty: ", [](auto& p) { p.frequency_penalty = -3; }},
        Refusal{"repetition_zero", "repetition_penalty: wanted a number above 0, found 0",
                [](auto& p) { p.repetition_penalty = 0; }},
        Refusal{"repetition_nan", "found nan", [](auto& p) { p.repetition_penalty = kNan; }},
        Refusal{"repetition_inf", "found inf", [](auto& p) { p.repetition_penalty = kInf; }},
        Refusal{"bias_id", "logit_bias: wanted token ids from 0 to 99, found 100",
                [](auto& p) { p.logit_bias = {{100, 1.0f}}; }},
        Refusal{"bias_value", "logit_bias: wanted a number for token 7, found nan",
                [](auto& p) { p.logit_bias = {{7, kNan}}; }},
        Refusal{"allowed_none", "allowed_token_ids: wanted at least one token id, found none",
                [](auto& p) { p.allowed_token_ids.emplace(); }},
        Refusal{"allowed_id", "allowed_token_ids: wanted token ids from 0 to 99, found -1",
                [](auto& p) { p.allowed_token_ids = {{3, -1}}; }},
        Refusal{"bad_words_empty", "bad_words: wanted words that are not empty",
                [](auto& p) { p.bad_words_token_ids = {{}}; }},
        Refusal{"bad_words_id", "bad_words: wanted token ids from 0 to 99, found 100",
                [](auto& p) { p.bad_words_token_ids = {{1, 100}}; }},
        Refusal{"bad_words_many", "bad_words: wanted at most 256 token sequences, found 257",
                [](auto& p) { p.bad_words_token_ids.resize(257, {1}); }},
        Refusal{"max_tokens", "max_tokens: wanted at least 1, found 0",
                [](auto& p) { p.max_tokens = 0; }},
        Refusal{"min_tokens", "min_tokens: wanted a number from 0 to max_tokens (16), found 17",
                [](auto& p) { p.min_tokens = 17; }},
        Refusal{"min_tokens_below", "min_tokens: ", [](auto& p) { p.min_tokens = -1; }},
        Refusal{"stop_many", "stop: wanted at most 4 strings (VLLM_MAX_STOP_STRINGS), found 5",
                [](auto& p) { p.stop.resize(5, "x"); }},
        Refusal{"stop_empty", "stop: wanted strings that are not empty",
                [](auto& p) { p.stop = {"a", ""}; }},
        Refusal{"stop_ids", "stop_token_ids: wanted token ids from 0 to 99, found 100",
                [](auto& p) { p.stop_token_ids = {100}; }},
        Refusal{"logprobs_below", "logprobs: wanted at least 0, or -1 for the whole vocabulary",
                [](auto& p) { p.logprobs = -2; }},
        Refusal{"logprobs_many", "logprobs: wanted at most 20 (--max-logprobs), found 21",
                [](auto& p) { p.logprobs = 21; }},
        Refusal{"logprobs_all", "logprobs: wanted at most 20 (--max-logprobs), found 100",
                [](auto& p) { p.logprobs = -1; }},
        Refusal{"prompt_logprobs", "prompt_logprobs: wanted at most 20",
                [](auto& p) { p.prompt_logprobs = 21; }},
        Refusal{"n_zero", "n: wanted a number from 1 to 16384, found 0", [](auto& p) { p.n = 0; }},
        Refusal{"n_many", "n: ", [](auto& p) { p.n = 16385; }},
        Refusal{"n_greedy", "n: wanted 1 with temperature 0 (greedy",
                [](auto& p) {
                  p.n = 2;
                  p.temperature = 0;
                }}),
    [](const auto& tested) { return tested.param.name; });

TEST(Params, DefaultsAndBoundsAreAccepted) {
  EXPECT_TRUE(validate({}, kLimits));
  SamplingParams params{.temperature = 2,
                        .top_k = 1000,
                        .top_p = 1e-6f,
                        .min_p = 1,
                        .presence_penalty = -2,
                        .frequency_penalty = 2,
                        .repetition_penalty = 0.01f,
                        .logit_bias = {{0, 1e9f}, {99, -1e9f}},
                        .allowed_token_ids = {{0, 99}},
                        .bad_words_token_ids = {{0}, {99, 0}},
                        .min_tokens = 16,
                        .max_tokens = 16,
                        .stop = {"a", "b", "c", "d"},
                        .stop_token_ids = {0, 99},
                        .eos_token_ids = {100000},  // of a longer tokenizer: cannot occur
                        .seed = -1,
                        .n = 16384,
                        .logprobs = 20,
                        .prompt_logprobs = 0};
  const Status status = validate(params, kLimits);
  EXPECT_TRUE(status) << status.error().message;
  params.top_k = -1;
  params.logprobs = -1;
  EXPECT_TRUE(validate(params, {.vocab_size = 100, .max_logprobs = -1}));
  EXPECT_TRUE(validate(params, {.vocab_size = 100, .max_logprobs = 100}));
}

TEST(Params, NumLogprobs) {
  EXPECT_EQ(num_logprobs(std::nullopt, 50), 0u);
  EXPECT_EQ(num_logprobs(0, 50), 0u);
  EXPECT_EQ(num_logprobs(5, 50), 5u);
  EXPECT_EQ(num_logprobs(60, 50), 50u);
  EXPECT_EQ(num_logprobs(-1, 50), 50u);
}

TEST(Workspace, RefusesAnEmptyVocabulary) {
  for (const int64_t vocab : {int64_t{0}, int64_t{-1}, int64_t{1} << 40}) {
    const auto workspace = Workspace::create(vocab);
    ASSERT_FALSE(workspace);
    EXPECT_EQ(workspace.error().code, Code::kInvalidArgument);
    EXPECT_THAT(workspace.error().message, HasSubstr("vocab_size"));
  }
}

}  // namespace
}  // namespace spyre::sample
