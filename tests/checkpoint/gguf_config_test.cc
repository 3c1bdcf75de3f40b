#include "checkpoint/gguf_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/files.h"

namespace spyre::checkpoint {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// Sizes that every architecture spells alike, and an embedding of three rows.
GgufBuilder sizes(const std::string& architecture, uint32_t layers = 2) {
  GgufBuilder b;
  b.text("general.architecture", architecture)
      .u32(architecture + ".context_length", 64)
      .u32(architecture + ".embedding_length", 8)
      .u32(architecture + ".block_count", layers)
      .u32(architecture + ".feed_forward_length", 6)
      .u32(architecture + ".attention.head_count", 2)
      .zeros("token_embd.weight", {8, 3});
  return b;
}

Result<ModelConfig> read(const GgufBuilder& builder) {
  const std::string bytes = builder.build();
  SPYRE_TRY_ASSIGN(const GgufFile file, parse_gguf(bytes_of(bytes), "m.gguf"));
  return read_gguf_config(file.metadata, file.tensors, "m.gguf");
}

ModelConfig config(const GgufBuilder& builder) {
  auto result = read(builder);
  EXPECT_TRUE(result) << message(result);
  return result.value_or(ModelConfig{});
}

TEST(GgufConfig, ReadsLlama) {
  const ModelConfig c = config(sizes("llama")
                                   .u32("llama.attention.head_count_kv", 1)
                                   .f32("llama.attention.layer_norm_rms_epsilon", 1e-6f)
                                   .f32("llama.rope.freq_base", 5e5f)
                                   .u32("tokenizer.ggml.bos_token_id", 1)
                                   .u32("tokenizer.ggml.eos_token_id", 2)
                                   .u32("tokenizer.ggml.padding_token_id", UINT32_MAX)
                                   .zeros("blk.0.attn_q.bias", {8})
                                   .zeros("output.weight", {8, 3}));
  EXPECT_EQ(c.architecture, "LlamaForCausalLM");
  EXPECT_EQ(c.dtype, Format::kF32);
  EXPECT_EQ(c.vocab_size, 3);
  EXPECT_EQ(c.hidden_size, 8);
  EXPECT_EQ(c.intermediate_size, 6);
  EXPECT_EQ(c.num_layers, 2);
  EXPECT_EQ(c.num_heads, 2);
  EXPECT_EQ(c.num_kv_heads, 1);
  EXPECT_EQ(c.head_dim, 4);
  EXPECT_EQ(c.max_positions, 64);
  EXPECT_EQ(c.norm_eps, 1e-6f);
  EXPECT_EQ(c.rope_theta, 5e5f);
  EXPECT_FALSE(c.tie_word_embeddings);
  EXPECT_TRUE(c.attention_bias);
  EXPECT_FALSE(c.attention_output_bias);
  EXPECT_FALSE(c.mlp_bias);
  EXPECT_FALSE(c.norm_offset_stored);
  EXPECT_EQ(c.bos_token_id, 1);
  EXPECT_FALSE(c.pad_token_id.has_value());
  EXPECT_THAT(c.eos_token_ids, ElementsAre(2));
  EXPECT_THAT(c.layer_windows, ElementsAre(0, 0));
}

TEST(GgufConfig, ReadsRopeScalings) {
  const ModelConfig linear = config(sizes("llama")
                                        .text("llama.rope.scaling.type", "linear")
                                        .f32("llama.rope.scaling.factor", 4.0f));
  EXPECT_EQ(linear.rope_scaling.kind, RopeScaling::Kind::kLinear);
  EXPECT_EQ(linear.rope_scaling.factor, 4.0f);
  const ModelConfig old = config(sizes("llama").f32("llama.rope.scale_linear", 2.0f));
  EXPECT_EQ(old.rope_scaling.kind, RopeScaling::Kind::kLinear);
  EXPECT_EQ(old.rope_scaling.factor, 2.0f);
  const ModelConfig factors =
      config(sizes("llama").tensor("rope_freqs.weight", {2}, 0, raw({1.0f, 8.0f})));
  EXPECT_EQ(factors.rope_scaling.kind, RopeScaling::Kind::kFrequencyFactors);
  EXPECT_THAT(factors.rope_scaling.long_factors, ElementsAre(1.0f, 8.0f));

  EXPECT_THAT(
      message(read(sizes("llama").tensor("rope_freqs.weight", {3}, 0, raw({1.0f, 8.0f, 9.0f})))),
      AllOf(HasSubstr("m.gguf"), HasSubstr("'rope_freqs.weight'"), HasSubstr("wanted 2")));
  EXPECT_FALSE(read(sizes("llama").tensor("rope_freqs.weight", {2}, 0, raw({1.0f, -8.0f}))));
  const auto yarn = read(sizes("llama").text("llama.rope.scaling.type", "yarn"));
  EXPECT_EQ(code(yarn), Code::kUnsupported);
  EXPECT_THAT(message(yarn), AllOf(HasSubstr("'yarn'"), HasSubstr("linear")));
  EXPECT_THAT(message(read(sizes("llama").text("llama.rope.scaling.type", "linear"))),
              HasSubstr("'llama.rope.scaling.factor'"));
}

TEST(GgufConfig, ReadsGemma3) {
  GgufBuilder b = sizes("gemma3", 7);
  b.u32("gemma3.attention.sliding_window", 16).u32("gemma3.attention.key_length", 6);
  b.u32("gemma3.attention.value_length", 6).f32("gemma3.rope.freq_base", 1e6f);
  const ModelConfig c = config(b);
  EXPECT_EQ(c.architecture, "Gemma3ForCausalLM");
  EXPECT_TRUE(c.norm_offset_stored);
  EXPECT_TRUE(c.tie_word_embeddings);
  EXPECT_EQ(c.activation, ActivationFunction::kGeluTanh);
  EXPECT_EQ(c.head_dim, 6);
  EXPECT_EQ(c.rope_local_theta, 10000.0f);
  EXPECT_THAT(c.layer_windows, ElementsAre(16, 16, 16, 16, 16, 0, 16));
  EXPECT_FALSE(c.query_pre_attention_scalar.has_value());

  GgufBuilder listed = sizes("gemma3");
  listed.u32("gemma3.attention.sliding_window", 16);
  listed.key("gemma3.attention.sliding_window_pattern", 9,
             raw(uint32_t{7}) + raw(uint64_t{2}) + std::string("\x00\x01", 2));
  EXPECT_THAT(config(listed).layer_windows, ElementsAre(0, 16));
  EXPECT_EQ(config(sizes("gemma3", 62)).query_pre_attention_scalar, 4.0f);
}

TEST(GgufConfig, ReadsGranite) {
  const ModelConfig c = config(sizes("granite")
                                   .f32("granite.attention.scale", 0.25f)
                                   .f32("granite.embedding_scale", 12.0f)
                                   .f32("granite.residual_scale", 0.5f)
                                   .f32("granite.logit_scale", 8.0f));
  EXPECT_EQ(c.attention_multiplier, 0.25f);
  EXPECT_EQ(c.embedding_multiplier, 12.0f);
  EXPECT_EQ(c.residual_multiplier, 0.5f);
  EXPECT_EQ(c.logits_scaling, 8.0f);
  EXPECT_THAT(message(read(sizes("granite").f32("granite.logit_scale", 0.0f))),
              HasSubstr("'granite.logit_scale'"));
}

TEST(GgufConfig, ReadsGraniteMoe) {
  const ModelConfig c = config(
      sizes("granitemoe").u32("granitemoe.expert_count", 5).u32("granitemoe.expert_used_count", 2));
  EXPECT_EQ(c.architecture, "GraniteMoeForCausalLM");
  EXPECT_EQ(c.num_experts, 5);
  EXPECT_EQ(c.experts_per_token, 2);
  EXPECT_EQ(code(read(sizes("llama").u32("llama.expert_count", 8))), Code::kUnsupported);
  EXPECT_EQ(code(read(sizes("granitemoe"))), Code::kUnsupported);
}

TEST(GgufConfig, ReadsPhi3) {
  GgufBuilder b = sizes("phi3");
  b.u32("phi3.attention.sliding_window", 33).u32("phi3.rope.dimension_count", 2);
  b.u32("phi3.rope.scaling.original_context_length", 16);
  b.f32("phi3.rope.scaling.attn_factor", 1.5f);
  b.tensor("rope_factors_long.weight", {1}, 0, raw(4.0f));
  b.tensor("rope_factors_short.weight", {1}, 0, raw(2.0f));
  const ModelConfig c = config(b);
  EXPECT_EQ(c.partial_rotary_factor, 0.5f);
  EXPECT_EQ(c.rope_scaling.kind, RopeScaling::Kind::kLongRope);
  EXPECT_THAT(c.rope_scaling.long_factors, ElementsAre(4.0f));
  EXPECT_THAT(c.rope_scaling.short_factors, ElementsAre(2.0f));
  EXPECT_EQ(c.rope_scaling.original_max_positions, 16);
  EXPECT_EQ(c.rope_scaling.attention_factor, 1.5f);
  EXPECT_THAT(c.layer_windows, ElementsAre(33, 33));
}

TEST(GgufConfig, ReadsQwenAndStarcoder) {
  EXPECT_EQ(config(sizes("qwen2")).architecture, "Qwen2ForCausalLM");
  EXPECT_EQ(config(sizes("qwen3")).architecture, "Qwen3ForCausalLM");
  const ModelConfig c = config(sizes("starcoder")
                                   .u32("starcoder.attention.head_count_kv", 1)
                                   .f32("starcoder.attention.layer_norm_epsilon", 1e-4f)
                                   .zeros("blk.0.attn_qkv.bias", {16}));
  EXPECT_EQ(c.architecture, "GPTBigCodeForCausalLM");
  EXPECT_EQ(c.norm_eps, 1e-4f);
  EXPECT_EQ(c.num_kv_heads, 1);
  EXPECT_TRUE(c.attention_bias);
  EXPECT_EQ(c.activation, ActivationFunction::kGeluTanh);
}

TEST(GgufConfig, KeepsEveryRotaryColumn) {
  for (const uint32_t head_dim : {80u, 96u, 128u, 100u, 36u}) {
    for (uint32_t rotary = 2; rotary <= head_dim; rotary += 2) {
      const ModelConfig c = config(sizes("qwen2")
                                       .u32("qwen2.attention.key_length", head_dim)
                                       .u32("qwen2.rope.dimension_count", rotary));
      const float columns = static_cast<float>(c.head_dim) * c.partial_rotary_factor;
      EXPECT_EQ(static_cast<uint32_t>(columns), rotary) << head_dim;
    }
  }
}

TEST(GgufConfig, SaysWhatIsWrong) {
  EXPECT_THAT(message(read(sizes("mamba"))),
              AllOf(HasSubstr("m.gguf"), HasSubstr("'mamba'"), HasSubstr("granitemoe")));
  EXPECT_THAT(message(read(GgufBuilder())), HasSubstr("general.architecture"));
  GgufBuilder missing;
  missing.text("general.architecture", "llama").zeros("token_embd.weight", {8, 3});
  EXPECT_THAT(message(read(missing)),
              AllOf(HasSubstr("'llama.embedding_length'"), HasSubstr("found nothing")));
  GgufBuilder no_embedding;
  no_embedding.text("general.architecture", "llama").u32("llama.block_count", 1);
  no_embedding.u32("llama.context_length", 64).u32("llama.embedding_length", 8);
  no_embedding.u32("llama.feed_forward_length", 6).u32("llama.attention.head_count", 2);
  EXPECT_THAT(message(read(no_embedding)),
              AllOf(HasSubstr("'token_embd.weight'"), HasSubstr("found none")));
  EXPECT_THAT(message(read(sizes("llama").u32("llama.attention.head_count_kv", 0))),
              AllOf(HasSubstr("head_count_kv"), HasSubstr("found 0")));
  EXPECT_THAT(message(read(sizes("qwen2").u32("qwen2.attention.value_length", 3))),
              HasSubstr("value_length"));
  EXPECT_FALSE(read(sizes("llama").u32("llama.attention.key_length", 5)));
}

// Found by fuzzing: a default head width of zero went on into the share of rotary columns.
TEST(GgufConfig, RefusesMoreHeadsThanColumns) {
  GgufBuilder b;
  b.text("general.architecture", "phi3").u32("phi3.block_count", 1).u32("phi3.context_length", 64);
  b.u32("phi3.embedding_length", 8).u32("phi3.feed_forward_length", 6);
  b.u32("phi3.attention.head_count", 9).zeros("token_embd.weight", {8, 3});
  b.zeros("rope_factors_long.weight", {1});
  EXPECT_THAT(message(read(b)), AllOf(HasSubstr("m.gguf"), HasSubstr("8 hidden columns"),
                                      HasSubstr("9 attention heads")));
}

TEST(GgufConfig, FindsEveryEndToken) {
  GgufBuilder b;
  b.u32("tokenizer.ggml.eos_token_id", 3).u32("tokenizer.ggml.eot_token_id", 1);
  b.u32("tokenizer.ggml.eom_token_id", UINT32_MAX);
  b.texts("tokenizer.ggml.tokens", {"<|im_end|>", "x", "<|eot_id|>", "</s>"});
  b.i32s("tokenizer.ggml.token_type", {1, 1, 3, 3});
  b.f32("general.sampling.temp", 0.5f).key("general.sampling.top_k", 5, raw(20));
  const std::string bytes = b.build();
  const auto file = parse_gguf(bytes_of(bytes), "m.gguf");
  ASSERT_TRUE(file) << message(file);
  const auto generation = read_gguf_generation_config(file->metadata, "m.gguf");
  ASSERT_TRUE(generation) << message(generation);
  // 0 looks like an end of turn but is a token of ordinary text.
  EXPECT_THAT(generation->eos_token_ids, ElementsAre(1, 2, 3));
  EXPECT_EQ(generation->temperature, 0.5f);
  EXPECT_EQ(generation->top_k, 20);
  EXPECT_FALSE(generation->top_p.has_value());
}

}  // namespace
}  // namespace spyre::checkpoint
