// bfloat16 and int8 runs against the float32 run, along the reference's greedy path, within a
// tolerance that is derived, not fitted.
//
// bfloat16: rounding errors pass through the model linearly while they are small, so the error of
// float16, whose roundings are 8 times finer and in the same places, times 8 is what bfloat16 may
// show. The float16 error of a typical row is taken; kSafety covers that rows differ (about 3) and
// that two draws of the same random errors do (about 2).
//
// A mixture of experts is not linear where a rounding swaps two experts of nearly equal router
// logits: such rows may be off by any amount, must be few, and are not held to the greedy path.
//
// int8: each rounding on the way from a token to its logits (the inputs of a matmul) adds an
// independent relative error of standard deviation e, so after m of them a logit is off by
// e * sqrt(m) * rms(logits). An error of an attention score moves its probability by the score's
// standard deviation, 2 in the fixtures, times that, hence counts 2^2 = 4 times. Per layer: value
// 1, query and key 4 each, output 1, gate, up and down 1 each: 13; and the head.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "runner/fixture.h"

namespace spyre::runner::testing {
namespace {

constexpr double kSafety = 6.0;
// f16 keeps 11 bits, bf16 8.
constexpr double kBf16PerF16 = 8.0;
// Standard deviations that are allowed: 5 cover the largest of 10^5 normal values; rows whose
// residual stream is small before a norm have up to about twice the error.
constexpr double kSpread = 9.0;
// int8 per block of 32: steps of max / 127, error step / sqrt(12); the largest of 32 normal values
// is about 2.1 standard deviations, at times 4: 4 / 127 / sqrt(12).
const double kInt8Error = 4.0 / 127.0 / std::sqrt(12.0);

using Rows = std::vector<std::vector<float>>;

struct Case {
  const char* name;
  const char* dtype;
  int64_t max_model_len = 128;  // phi3_longrope: 48, its original length, for the short factors
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name << " in " << c.dtype; }

class Rounding : public ::testing::TestWithParam<Case> {};

double rms(const Rows& rows) {
  double sum = 0;
  for (const auto& row : rows) {
    for (const float each : row) sum += static_cast<double>(each) * each;
  }
  return std::sqrt(sum / static_cast<double>(rows.size() * rows[0].size()));
}

double difference(const std::vector<float>& a, const std::vector<float>& b) {
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    most = std::max(most, std::abs(static_cast<double>(a[i]) - b[i]));
  }
  return most;
}

// Of the rows' largest differences the middle one: what swapped experts cannot move.
double typical_difference(const Rows& a, const Rows& b) {
  std::vector<double> each;
  for (size_t row = 0; row < a.size(); ++row) each.push_back(difference(a[row], b[row]));
  std::ranges::nth_element(each, each.begin() + static_cast<ptrdiff_t>(each.size() / 2));
  return each[each.size() / 2];
}

checkpoint::ModelConfig config_of(std::string_view name) {
  std::filesystem::path path = fixture_path(name);
  if (name.starts_with("gguf/")) path /= "model.gguf";
  return checkpoint::Checkpoint::open(path).value()->config();
}

TEST_P(Rounding, StaysWithinTheDerivedTolerance) {
  const auto [name, dtype, max_model_len] = GetParam();
  const bool bf16 = std::string_view(dtype) == "bfloat16";
  const Json expected = expected_of(name);
  const kernels::Isa isa = kernels::best_isa(detect_cpu_features());
  LoadedModel exact(name, {.max_model_len = max_model_len, .isa = isa});
  LoadedModel finer(name, {.dtype = "float16", .max_model_len = max_model_len, .isa = isa});
  LoadedModel rounded(name, {.dtype = dtype, .max_model_len = max_model_len, .isa = isa});
  const checkpoint::ModelConfig config = config_of(name);
  const double int8_spread =
      kSpread * kInt8Error * std::sqrt(static_cast<double>(13 * config.num_layers + 1));
  int64_t compared = 0;
  for (const Json& prompt : expected["prompts"]) {
    SCOPED_TRACE(prompt["name"].get<std::string>());
    auto ids = prompt["ids"].get<std::vector<int32_t>>();
    const size_t prompt_tokens = ids.size();
    const auto greedy = prompt["greedy"]["ids"].get<std::vector<int32_t>>();
    if (static_cast<int64_t>(prompt_tokens + greedy.size()) > max_model_len) continue;
    ids.insert(ids.end(), greedy.begin(), greedy.end() - 1);
    const Rows wanted = exact.logits(ids);
    const Rows found = rounded.logits(ids);
    const double tolerance =
        bf16 ? kSafety * kBf16PerF16 * typical_difference(finer.logits(ids), wanted)
             : int8_spread * rms(wanted);
    const auto beyond = [&](size_t row) { return difference(found[row], wanted[row]) > tolerance; };
    size_t swapped = 0;
    for (size_t row = 0; row < ids.size(); ++row) swapped += beyond(row) ? 1 : 0;
    EXPECT_LE(swapped, config.num_experts > 0 ? ids.size() / 5 : 0) << "allowed " << tolerance;
    for (size_t step = 0; step < greedy.size(); ++step) {
      const size_t row = prompt_tokens - 1 + step;
      if (prompt["greedy"]["margins"][step].get<double>() <= 2 * tolerance || beyond(row)) continue;
      ++compared;
      ASSERT_EQ(argmax(found[row]), greedy[step]) << "greedy step " << step;
    }
  }
  EXPECT_GT(compared, 0) << "no margin exceeds the tolerance: the test would prove nothing";
}

INSTANTIATE_TEST_SUITE_P(
    Models, Rounding,
    ::testing::Values(
        Case{"decoders/llama", "bfloat16"}, Case{"decoders/llama_tied", "bfloat16"},
        Case{"decoders/llama_bf16_sharded", "bfloat16"}, Case{"decoders/granite", "bfloat16"},
        Case{"decoders/granite_moe", "bfloat16"}, Case{"decoders/mistral", "bfloat16"},
        Case{"decoders/qwen2", "bfloat16"}, Case{"decoders/qwen3", "bfloat16"},
        Case{"decoders/gemma3", "bfloat16"}, Case{"decoders/phi3", "bfloat16"},
        Case{"decoders/phi3_longrope", "bfloat16", 48}, Case{"decoders/gpt_bigcode", "bfloat16"},
        Case{"decoders/opt", "bfloat16"}, Case{"gguf/gguf_f16_q8", "auto"},
        Case{"gguf/gguf_q4_q5", "auto"}, Case{"gguf/gguf_kquant", "auto"},
        Case{"quantised/gptq", "auto"}, Case{"quantised/gptq_desc_act", "auto"},
        Case{"quantised/gptq_8bit_asym", "auto"}, Case{"quantised/awq", "auto"}));

}  // namespace
}  // namespace spyre::runner::testing
