#include "model/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "model/small_config.h"

namespace spyre::model {
namespace {

using checkpoint::ModelConfig;
using checkpoint::RopeScaling;
using ::testing::HasSubstr;
using testing::kSmallModelLen;
using testing::kSmallShape;
using testing::small_config;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

using Change = std::function<void(ModelConfig&)>;

void expect_refused(std::string_view architecture, std::string_view message, const Change& change) {
  ModelConfig config = small_config(architecture);
  change(config);
  const auto graph = build(config, kSmallShape, kSmallModelLen);
  ASSERT_FALSE(graph) << message;
  EXPECT_EQ(graph.error().code, Code::kInvalidArgument);
  EXPECT_THAT(graph.error().message, HasSubstr(message));
}

void expect_llama_refused(std::string_view message, const Change& change) {
  expect_refused("LlamaForCausalLM", message, change);
}

TEST(Validate, SizesOfZeroNegativeOrHuge) {
  struct Size {
    std::string_view field;
    int64_t ModelConfig::* member;
  };
  constexpr Size kSizes[] = {{"vocab_size", &ModelConfig::vocab_size},
                             {"hidden_size", &ModelConfig::hidden_size},
                             {"intermediate_size", &ModelConfig::intermediate_size},
                             {"num_layers", &ModelConfig::num_layers},
                             {"num_heads", &ModelConfig::num_heads},
                             {"num_kv_heads", &ModelConfig::num_kv_heads},
                             {"head_dim", &ModelConfig::head_dim},
                             {"max_positions", &ModelConfig::max_positions}};
  for (const std::string& architecture : supported_architectures()) {
    for (const Size& size : kSizes) {
      for (const int64_t value : {int64_t{0}, int64_t{-1}, INT64_MIN, INT64_MAX}) {
        expect_refused(architecture, fmt::format("model config: {}: wanted 1 to ", size.field),
                       [&](ModelConfig& c) { c.*size.member = value; });
      }
    }
  }
}

TEST(Validate, HeadsThatDoNotDivide) {
  expect_llama_refused("num_kv_heads: wanted a divisor of num_heads 5, found 2",
                       [](ModelConfig& c) { c.num_heads = 5, c.num_kv_heads = 2; });
  expect_llama_refused("num_kv_heads: wanted 1 to 2, found 3",
                       [](ModelConfig& c) { c.num_kv_heads = 3; });
  expect_llama_refused("head_dim: wanted 1 to 4, found 4096",
                       [](ModelConfig& c) { c.num_heads = 1 << 20, c.head_dim = 4096; });
}

TEST(Validate, WindowsAreOneALayer) {
  expect_llama_refused("layer_windows: wanted an entry for each of 2 layers, found 1",
                       [](ModelConfig& c) { c.layer_windows = {0}; });
  expect_llama_refused("layer_windows: wanted an entry for each of 2 layers, found 0",
                       [](ModelConfig& c) { c.layer_windows.clear(); });
  expect_llama_refused("layer_windows: wanted 0 to",
                       [](ModelConfig& c) { c.layer_windows = {0, -1}; });
}

TEST(Validate, NumbersThatAreNoNumbers) {
  expect_llama_refused("norm_eps: wanted a positive", [](ModelConfig& c) { c.norm_eps = 0; });
  expect_llama_refused("norm_eps", [](ModelConfig& c) { c.norm_eps = kNan; });
  expect_llama_refused("attention_multiplier",
                       [](ModelConfig& c) { c.attention_multiplier = kInfinity; });
  expect_llama_refused("query_pre_attention_scalar",
                       [](ModelConfig& c) { c.query_pre_attention_scalar = -2.0f; });
  expect_llama_refused("embedding_multiplier",
                       [](ModelConfig& c) { c.embedding_multiplier = kNan; });
  expect_llama_refused("residual_multiplier", [](ModelConfig& c) { c.residual_multiplier = kNan; });
  expect_llama_refused("logits_scaling", [](ModelConfig& c) { c.logits_scaling = 0; });
  expect_llama_refused("logits_scaling", [](ModelConfig& c) { c.logits_scaling = 1e-45f; });
  expect_llama_refused("attention_softcap", [](ModelConfig& c) { c.attention_softcap = -1; });
  expect_llama_refused("final_softcap", [](ModelConfig& c) { c.final_softcap = 1e-45f; });
}

TEST(Validate, RotaryFields) {
  expect_llama_refused("rope_theta: wanted a positive", [](ModelConfig& c) { c.rope_theta = 0; });
  expect_llama_refused("rope_local_theta", [](ModelConfig& c) { c.rope_local_theta = -1; });
  expect_llama_refused("rope_theta (a frequency",
                       [](ModelConfig& c) { c.head_dim = 400, c.rope_theta = 1e-44f; });
  expect_llama_refused("rope_local_theta (a frequency",
                       [](ModelConfig& c) { c.head_dim = 400, c.rope_local_theta = 1e-44f; });
  for (const float factor : {0.0f, -1.0f, 1.5f, kNan}) {
    expect_llama_refused("partial_rotary_factor: wanted more than 0",
                         [&](ModelConfig& c) { c.partial_rotary_factor = factor; });
  }
  expect_llama_refused("even number of rotary columns, found 3 of 3",
                       [](ModelConfig& c) { c.head_dim = 3; });
  expect_llama_refused("even number of rotary columns, found 0 of 4",
                       [](ModelConfig& c) { c.partial_rotary_factor = 0.1f; });
}

TEST(Validate, RopeScaling) {
  using Kind = RopeScaling::Kind;
  const auto refused = [](Kind kind, std::string_view message,
                          const std::function<void(RopeScaling&)>& change) {
    expect_llama_refused(message, [&](ModelConfig& c) {
      c.rope_scaling.kind = kind;
      c.rope_scaling.original_max_positions = 9;
      c.rope_scaling.short_factors = c.rope_scaling.long_factors = {1, 1};
      change(c.rope_scaling);
    });
  };
  refused(Kind::kLinear, "rope_scaling.factor: wanted a positive",
          [](RopeScaling& s) { s.factor = 0; });
  refused(Kind::kLlama3, "rope_scaling.factor", [](RopeScaling& s) { s.factor = kNan; });
  refused(Kind::kLlama3, "rope_scaling.original_max_positions: wanted 1",
          [](RopeScaling& s) { s.original_max_positions = 0; });
  refused(Kind::kLlama3, "rope_scaling.high_freq_factor: wanted more than low_freq_factor 4",
          [](RopeScaling& s) { s.low_freq_factor = 4; });
  refused(Kind::kLongRope, "rope_scaling.original_max_positions",
          [](RopeScaling& s) { s.original_max_positions = -1; });
  refused(Kind::kLongRope, "rope_scaling.short_factors: wanted 2 numbers, one a rotary pair",
          [](RopeScaling& s) { s.short_factors.clear(); });
  refused(Kind::kLongRope, "rope_scaling.long_factors: wanted 2 numbers, one a rotary pair",
          [](RopeScaling& s) { s.long_factors = {1}; });
  refused(Kind::kLongRope, "rope_scaling.attention_factor",
          [](RopeScaling& s) { s.attention_factor = kNan; });
  refused(Kind::kFrequencyFactors, "rope_scaling.long_factors: wanted a positive number, found -1",
          [](RopeScaling& s) { s.long_factors = {1, -1}; });
  refused(static_cast<Kind>(99), "rope_scaling.kind: unknown kind 99", [](RopeScaling&) {});
}

TEST(Validate, LearnedPositionsEndWhereTheTableDoes) {
  for (const std::string_view architecture : {"OPTForCausalLM", "GPTBigCodeForCausalLM"}) {
    expect_refused(architecture, "max_positions: wanted 1 to",
                   [](ModelConfig& c) { c.max_positions = 1 << 29; });
    expect_refused(architecture, "max_model_len: wanted at most the model's 63 learned positions",
                   [](ModelConfig& c) { c.max_positions = 63; });
  }
}

TEST(Validate, Experts) {
  const auto refused = [](std::string_view message, const Change& change) {
    expect_refused("GraniteMoeForCausalLM", message, change);
  };
  refused("num_experts: wanted 1 to", [](ModelConfig& c) { c.num_experts = 0; });
  refused("num_experts: wanted 1 to 4096", [](ModelConfig& c) { c.num_experts = 5000; });
  refused("num_experts: wanted 1 to 8,", [](ModelConfig& c) {
    c.num_experts = 9, c.hidden_size = 1 << 20, c.intermediate_size = 1 << 20;
  });
  refused("experts_per_token: wanted 1 to 2, found 3",
          [](ModelConfig& c) { c.experts_per_token = 3; });
}

TEST(Validate, FusedHeadsAreAsWideAsHidden) {
  expect_refused("GPTBigCodeForCausalLM", "head_dim: wanted hidden_size 8 / num_heads 2, found 5",
                 [](ModelConfig& c) { c.head_dim = 5; });
  expect_refused("GPTBigCodeForCausalLM", "num_kv_heads: wanted 1 or 4, found 2",
                 [](ModelConfig& c) { c.num_heads = 4, c.head_dim = 2, c.num_kv_heads = 2; });
}

TEST(Validate, EmbeddingProjection) {
  expect_refused("OPTForCausalLM", "embedding_projection_dim: wanted 0 to",
                 [](ModelConfig& c) { c.embedding_projection_dim = -1; });
}

TEST(Validate, StepShapes) {
  for (int64_t StepShape::* field :
       {&StepShape::rows, &StepShape::sequences, &StepShape::max_blocks, &StepShape::output_rows}) {
    for (const int64_t value : {int64_t{0}, INT64_MIN, INT64_MAX}) {
      StepShape shape = kSmallShape;
      shape.*field = value;
      const auto graph = build(small_config("LlamaForCausalLM"), shape, kSmallModelLen);
      ASSERT_FALSE(graph);
      EXPECT_EQ(graph.error().code, Code::kInvalidArgument);
      EXPECT_THAT(graph.error().message, HasSubstr("step shape: "));
    }
  }
}

// The largest sizes that pass also build: no tensor of theirs is too large for the IR.
TEST(Validate, WhatPassesBuilds) {
  for (const std::string& architecture : supported_architectures()) {
    ModelConfig config = small_config(architecture);
    config.vocab_size = 1 << 24;
    config.hidden_size = config.intermediate_size = 1 << 20;
    config.num_heads = config.num_kv_heads = 1 << 14;
    config.head_dim = architecture.starts_with("GPTBigCode") ? 1 << 6 : 1 << 8;
    config.max_positions = 1 << 23;
    if (config.pooling) {
      config.head_dim = 1 << 6;
      config.pooling->layers.clear();
    }
    config.num_experts = 8;
    const StepShape shape = {
        .rows = 1 << 20, .sequences = 1 << 20, .max_blocks = 1 << 20, .output_rows = 1 << 20};
    const auto graph = build(config, shape, kSmallModelLen);
    EXPECT_TRUE(graph) << architecture << ": " << graph.error().message;
  }
}

}  // namespace
}  // namespace spyre::model
