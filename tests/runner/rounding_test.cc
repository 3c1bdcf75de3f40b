// bfloat16 and int8 runs against the float32 run, along the reference's greedy path. The tolerance
// is derived, not fitted: each rounding on the way from a token to its logits (a matmul's inputs;
// in bfloat16 also its weights, and the stored keys and values) adds an independent relative error
// of standard deviation e, so after m of them a logit is off by e * sqrt(m) * rms(logits). A
// relative error of an attention score moves its probability by the score's standard deviation, 2
// in the fixtures, times that, hence counts 2^2 = 4 times.
//   per layer, bfloat16: value 3 (input, weights, stored), query 2 and key 3 four times each,
//   output 2, gate, up and down 2 each: 31; int8 (inputs only): 1 + 4 * 2 + 1 + 3 = 13; and the
//   head.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "runner/fixture.h"

namespace spyre::runner::testing {
namespace {

// Standard deviations that are allowed: 5 cover the largest of 10^5 normal values; rows whose
// residual stream is small before a norm have up to about twice the error.
constexpr double kSpread = 9.0;
// Rounding to bf16 is uniform within half a unit of the 8th bit: at most 2^-9, 2^-9 / sqrt(3) rms.
const double kBf16Error = std::ldexp(1.0, -9) / std::sqrt(3.0);
// int8 per block of 32: steps of max / 127, error step / sqrt(12); the largest of 32 normal values
// is about 2.1 standard deviations, at times 4: 4 / 127 / sqrt(12).
const double kInt8Error = 4.0 / 127.0 / std::sqrt(12.0);

struct Case {
  const char* name;
  const char* dtype;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name << " in " << c.dtype; }

class Rounding : public ::testing::TestWithParam<Case> {};

double rms(const std::vector<std::vector<float>>& rows) {
  double sum = 0;
  for (const auto& row : rows) {
    for (const float each : row) sum += static_cast<double>(each) * each;
  }
  return std::sqrt(sum / static_cast<double>(rows.size() * rows[0].size()));
}

double roundings(std::string_view name, bool bf16) {
  std::filesystem::path path = fixture_path(name);
  if (name.starts_with("gguf/")) path /= "model.gguf";
  const auto layers =
      static_cast<double>(checkpoint::Checkpoint::open(path).value()->config().num_layers);
  return bf16 ? 31 * layers + 2 : 13 * layers + 1;
}

TEST_P(Rounding, StaysWithinTheDerivedTolerance) {
  const auto [name, dtype] = GetParam();
  const bool bf16 = std::string_view(dtype) == "bfloat16";
  const Json expected = expected_of(name);
  const kernels::Isa isa = kernels::best_isa(detect_cpu_features());
  LoadedModel exact(name, {.isa = isa});
  LoadedModel rounded(name, {.dtype = dtype, .isa = isa});
  int64_t compared = 0;
  for (const Json& prompt : expected["prompts"]) {
    auto ids = prompt["ids"].get<std::vector<int32_t>>();
    const size_t prompt_tokens = ids.size();
    const auto greedy = prompt["greedy"]["ids"].get<std::vector<int32_t>>();
    ids.insert(ids.end(), greedy.begin(), greedy.end() - 1);
    const auto wanted = exact.logits(ids);
    const auto found = rounded.logits(ids);
    const double tolerance =
        kSpread * (bf16 ? kBf16Error : kInt8Error) * std::sqrt(roundings(name, bf16)) * rms(wanted);
    for (size_t row = 0; row < ids.size(); ++row) {
      for (size_t i = 0; i < wanted[row].size(); ++i) {
        ASSERT_NEAR(found[row][i], wanted[row][i], tolerance)
            << prompt["name"] << ", row " << row << ", token " << i;
      }
    }
    for (size_t step = 0; step < greedy.size(); ++step) {
      if (prompt["greedy"]["margins"][step].get<double>() <= 2 * tolerance) continue;
      ++compared;
      ASSERT_EQ(argmax(found[prompt_tokens - 1 + step]), greedy[step])
          << prompt["name"] << ", greedy step " << step;
    }
  }
  EXPECT_GT(compared, 0) << "no margin exceeds the tolerance: the test would prove nothing";
}

INSTANTIATE_TEST_SUITE_P(
    Models, Rounding,
    ::testing::Values(Case{"decoders/llama", "bfloat16"}, Case{"decoders/llama_tied", "bfloat16"},
                      Case{"decoders/llama_bf16_sharded", "bfloat16"},
                      Case{"decoders/granite", "bfloat16"},
                      Case{"decoders/granite_moe", "bfloat16"},
                      Case{"decoders/mistral", "bfloat16"}, Case{"decoders/qwen2", "bfloat16"},
                      Case{"decoders/qwen3", "bfloat16"}, Case{"decoders/gemma3", "bfloat16"},
                      Case{"decoders/phi3", "bfloat16"}, Case{"decoders/phi3_longrope", "bfloat16"},
                      Case{"decoders/gpt_bigcode", "bfloat16"}, Case{"decoders/opt", "bfloat16"},
                      Case{"gguf/gguf_f16_q8", "auto"}, Case{"gguf/gguf_q4_q5", "auto"},
                      Case{"gguf/gguf_kquant", "auto"}, Case{"quantised/gptq", "auto"},
                      Case{"quantised/gptq_desc_act", "auto"},
                      Case{"quantised/gptq_8bit_asym", "auto"}, Case{"quantised/awq", "auto"}));

}  // namespace
}  // namespace spyre::runner::testing
