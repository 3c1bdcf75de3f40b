// Every decoder fixture against what transformers computed: logits, log-probabilities and greedy
// continuations. Tolerances are those of tests/reference/README.md for float32.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "runner/fixture.h"

namespace spyre::runner::testing {
namespace {

struct Case {
  const char* name;
  int64_t max_model_len = 128;  // phi3_longrope: 48, its original length, for the short factors
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class Reference : public ::testing::TestWithParam<Case> {};

// Logits within 1e-4 of the largest.
void expect_close(const std::vector<float>& logits, const Json& wanted) {
  ASSERT_EQ(logits.size(), wanted.size());
  float largest = 0;
  for (const Json& each : wanted) largest = std::max(largest, std::abs(each.get<float>()));
  for (size_t i = 0; i < logits.size(); ++i) {
    ASSERT_NEAR(logits[i], wanted[i].get<float>(), 1e-4f * largest) << "token " << i;
  }
}

void expect_prompt(LoadedModel& model, const std::vector<int32_t>& ids, const Json& wanted) {
  auto rows = model.logits(ids);
  if (wanted.contains("last_logits")) expect_close(rows.back(), wanted["last_logits"]);
  if (wanted.contains("prompt_logprobs")) {
    for (size_t i = 1; i < ids.size(); ++i) {
      ASSERT_NEAR(log_probability(rows[i - 1], ids[i]), wanted["prompt_logprobs"][i].get<double>(),
                  2e-3)
          << "position " << i;
    }
  }
  const Json& greedy = wanted["greedy"];
  std::vector<float> logits = rows.back();
  for (size_t step = 0; step < greedy["ids"].size(); ++step) {
    const int32_t token = argmax(logits);
    ASSERT_EQ(token, greedy["ids"][step].get<int32_t>()) << "greedy step " << step;
    ASSERT_NEAR(log_probability(logits, token), greedy["logprobs"][step].get<double>(), 2e-3);
    if (step + 1 == greedy["ids"].size()) break;
    logits = model.decode({token}, {static_cast<int32_t>(ids.size() + step)}, {0})[0];
  }
}

TEST_P(Reference, LogitsLogprobsAndGreedyPath) {
  const Case& param = GetParam();
  const Json expected = expected_of(param.name);
  LoadedModel model(param.name, {.max_model_len = param.max_model_len,
                                 .isa = kernels::best_isa(detect_cpu_features())});
  for (const char* group : {"prompts", "text_prompts"}) {
    for (const Json& prompt : expected[group]) {
      SCOPED_TRACE(fmt::format("{}, prompt {}", param.name, prompt["name"].get<std::string>()));
      const auto ids = prompt["ids"].get<std::vector<int32_t>>();
      if (static_cast<int64_t>(ids.size() + 24) > param.max_model_len) continue;
      expect_prompt(model, ids, prompt);
    }
  }
}

// An engine that serves more than the original length uses the long factors from the first token
// on.
TEST(LongRope, LongFactorsApplyToEveryLengthWhenTheModelLengthExceedsTheOriginal) {
  const Json expected = expected_of("decoders/phi3_longrope");
  LoadedModel model("decoders/phi3_longrope", {.isa = kernels::best_isa(detect_cpu_features())});
  for (const Json& wanted : expected["long_factor_always"]) {
    const auto prompt = std::ranges::find_if(
        expected["prompts"], [&](const Json& each) { return each["name"] == wanted["name"]; });
    const auto ids = (*prompt)["ids"].get<std::vector<int32_t>>();
    std::vector<float> logits = model.logits(ids).back();
    expect_close(logits, wanted["last_logits"]);
    for (size_t step = 0; step < wanted["greedy_ids"].size(); ++step) {
      const int32_t token = argmax(logits);
      ASSERT_EQ(token, wanted["greedy_ids"][step].get<int32_t>()) << "greedy step " << step;
      logits = model.decode({token}, {static_cast<int32_t>(ids.size() + step)}, {0})[0];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Decoders, Reference,
    ::testing::Values(Case{"decoders/llama"}, Case{"decoders/llama_tied"},
                      Case{"decoders/llama_bf16_sharded"}, Case{"decoders/granite"},
                      Case{"decoders/granite_moe"}, Case{"decoders/mistral"},
                      Case{"decoders/qwen2"}, Case{"decoders/qwen3"}, Case{"decoders/gemma3"},
                      Case{"decoders/phi3"}, Case{"decoders/phi3_longrope", 48},
                      Case{"decoders/gpt_bigcode"}, Case{"decoders/opt"}, Case{"gguf/gguf_f16_q8"},
                      Case{"gguf/gguf_q4_q5"}, Case{"gguf/gguf_kquant"}, Case{"quantised/gptq"},
                      Case{"quantised/gptq_desc_act"}, Case{"quantised/gptq_8bit_asym"},
                      Case{"quantised/awq"}));

}  // namespace
}  // namespace spyre::runner::testing
