#include "checkpoint/hf_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/files.h"

namespace spyre::checkpoint {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

ModelConfig fixture(std::string_view name) {
  const auto path = reference("decoders") / name / "config.json";
  auto config = read_model_config(read_json(path), path.string());
  EXPECT_TRUE(config) << message(config);
  return config.value_or(ModelConfig{});
}

// A llama of the fewest keys, with some replaced.
Result<ModelConfig> read(std::string_view changes) {
  Json config = Json::parse(R"({"architectures":["LlamaForCausalLM"],"hidden_size":16,
      "intermediate_size":6,"num_hidden_layers":4,"num_attention_heads":2,"vocab_size":3})");
  config.update(Json::parse(changes));
  return read_model_config(config, "config.json");
}

ModelConfig config(std::string_view changes) {
  auto result = read(changes);
  EXPECT_TRUE(result) << message(result);
  return result.value_or(ModelConfig{});
}

// --- the reference checkpoints -------------------------------------------------------------------

TEST(HfConfigReference, Llama) {
  const ModelConfig c = fixture("llama");
  EXPECT_EQ(c.architecture, "LlamaForCausalLM");
  EXPECT_EQ(c.dtype, Format::kF32);
  EXPECT_EQ(c.vocab_size, 397);
  EXPECT_EQ(c.hidden_size, 40);
  EXPECT_EQ(c.intermediate_size, 104);
  EXPECT_EQ(c.num_layers, 3);
  EXPECT_EQ(c.num_heads, 4);
  EXPECT_EQ(c.num_kv_heads, 2);
  EXPECT_EQ(c.head_dim, 12);
  EXPECT_EQ(c.max_positions, 256);
  EXPECT_EQ(c.norm_eps, 1e-5f);
  EXPECT_FALSE(c.tie_word_embeddings);
  EXPECT_FALSE(c.attention_bias);
  EXPECT_EQ(c.rope_theta, 50000.0f);
  EXPECT_EQ(c.rope_scaling.kind, RopeScaling::Kind::kLlama3);
  EXPECT_EQ(c.rope_scaling.factor, 8.0f);
  EXPECT_EQ(c.rope_scaling.low_freq_factor, 1.0f);
  EXPECT_EQ(c.rope_scaling.high_freq_factor, 4.0f);
  EXPECT_EQ(c.rope_scaling.original_max_positions, 48);
  EXPECT_EQ(c.bos_token_id, 390);
  EXPECT_EQ(c.pad_token_id, 395);
  EXPECT_THAT(c.eos_token_ids, ElementsAre(394));
  EXPECT_THAT(c.layer_windows, ElementsAre(0, 0, 0));
}

TEST(HfConfigReference, LlamaVariants) {
  const ModelConfig tied = fixture("llama_tied");
  EXPECT_TRUE(tied.tie_word_embeddings);
  EXPECT_TRUE(tied.attention_bias && tied.attention_output_bias && tied.mlp_bias);
  EXPECT_EQ(tied.rope_scaling.kind, RopeScaling::Kind::kNone);
  const ModelConfig sharded = fixture("llama_bf16_sharded");
  EXPECT_EQ(sharded.dtype, Format::kBF16);
  EXPECT_EQ(sharded.rope_scaling.kind, RopeScaling::Kind::kLinear);
  EXPECT_EQ(sharded.rope_scaling.factor, 2.0f);
}

TEST(HfConfigReference, Granite) {
  const ModelConfig c = fixture("granite");
  EXPECT_TRUE(c.attention_bias && c.attention_output_bias);
  EXPECT_FALSE(c.mlp_bias);
  EXPECT_EQ(c.attention_multiplier, 0.11f);
  EXPECT_EQ(c.embedding_multiplier, 6.0f);
  EXPECT_EQ(c.residual_multiplier, 0.33f);
  EXPECT_EQ(c.logits_scaling, 3.0f);
  EXPECT_EQ(c.head_dim, 8);
  const ModelConfig moe = fixture("granite_moe");
  EXPECT_EQ(moe.num_experts, 5);
  EXPECT_EQ(moe.experts_per_token, 2);
  EXPECT_TRUE(moe.tie_word_embeddings);
}

TEST(HfConfigReference, MistralAndQwen) {
  EXPECT_THAT(fixture("mistral").layer_windows, ElementsAre(19, 19, 19));
  const ModelConfig qwen2 = fixture("qwen2");
  EXPECT_TRUE(qwen2.attention_bias);
  EXPECT_FALSE(qwen2.attention_output_bias);
  EXPECT_FALSE(qwen2.bos_token_id.has_value());
  EXPECT_THAT(qwen2.layer_windows, ElementsAre(0, 0, 0));
  const ModelConfig qwen3 = fixture("qwen3");
  EXPECT_EQ(qwen3.head_dim, 20);
  EXPECT_EQ(qwen3.rope_theta, 1e6f);
  EXPECT_FALSE(qwen3.attention_bias);
}

TEST(HfConfigReference, Gemma3) {
  const ModelConfig c = fixture("gemma3");
  EXPECT_EQ(c.activation, ActivationFunction::kGeluTanh);
  EXPECT_EQ(c.query_pre_attention_scalar, 20.0f);
  EXPECT_EQ(c.rope_theta, 1e6f);
  EXPECT_EQ(c.rope_local_theta, 1e4f);
  EXPECT_EQ(c.rope_scaling.kind, RopeScaling::Kind::kLinear);
  EXPECT_EQ(c.rope_scaling.factor, 4.0f);
  EXPECT_THAT(c.layer_windows, ElementsAre(13, 13, 0, 13, 13));
  EXPECT_EQ(c.attention_softcap, 0.0f);
  EXPECT_FALSE(c.norm_offset_stored);
  EXPECT_TRUE(c.tie_word_embeddings);
}

TEST(HfConfigReference, Phi3) {
  EXPECT_THAT(fixture("phi3").layer_windows, ElementsAre(33, 33));
  const ModelConfig c = fixture("phi3_longrope");
  EXPECT_THAT(c.layer_windows, ElementsAre(0, 0));
  EXPECT_EQ(c.partial_rotary_factor, 0.75f);
  EXPECT_EQ(c.rope_scaling.kind, RopeScaling::Kind::kLongRope);
  EXPECT_THAT(c.rope_scaling.long_factors, ElementsAre(1.1f, 1.4f, 2.0f, 3.5f, 5.0f, 7.5f));
  EXPECT_EQ(c.rope_scaling.short_factors.size(), 6u);
  EXPECT_EQ(c.rope_scaling.original_max_positions, 48);
  // sqrt(1 + ln(256 / 48) / ln(48))
  EXPECT_NEAR(c.rope_scaling.attention_factor.value_or(0), 1.1968f, 1e-3f);
}

TEST(HfConfigReference, LearnedPositions) {
  const ModelConfig bigcode = fixture("gpt_bigcode");
  EXPECT_EQ(bigcode.num_kv_heads, 1);
  EXPECT_EQ(bigcode.head_dim, 11);
  EXPECT_EQ(bigcode.intermediate_size, 118);
  EXPECT_EQ(bigcode.activation, ActivationFunction::kGeluTanh);
  const ModelConfig opt = fixture("opt");
  EXPECT_EQ(opt.activation, ActivationFunction::kRelu);
  EXPECT_EQ(opt.embedding_projection_dim, 32);
  EXPECT_TRUE(opt.attention_bias && opt.attention_output_bias && opt.mlp_bias);
  EXPECT_TRUE(opt.norm_before && opt.final_norm && opt.tie_word_embeddings);
}

// --- spellings -----------------------------------------------------------------------------------

TEST(HfConfig, DefaultsOfAbsentKeys) {
  const ModelConfig c = config("{}");
  EXPECT_EQ(c.dtype, Format::kF32);
  EXPECT_EQ(c.num_kv_heads, 2);
  EXPECT_EQ(c.head_dim, 8);
  EXPECT_EQ(c.max_positions, 2048);
  EXPECT_EQ(c.norm_eps, 1e-6f);
  EXPECT_EQ(c.rope_theta, 10000.0f);
  EXPECT_FALSE(c.pad_token_id.has_value());
  EXPECT_FALSE(config(R"({"pad_token_id":-1})").pad_token_id.has_value());
  EXPECT_THAT(config(R"({"eos_token_id":[2,1]})").eos_token_ids, ElementsAre(2, 1));
  EXPECT_EQ(config(R"({"torch_dtype":"float16"})").dtype, Format::kF16);
  EXPECT_EQ(config(R"({"dtype":"bfloat16","torch_dtype":"float16"})").dtype, Format::kBF16);
}

TEST(HfConfig, BothSpellingsOfRope) {
  const ModelConfig four =
      config(R"({"rope_theta":5e5,"rope_scaling":{"type":"linear","factor":2}})");
  const ModelConfig five =
      config(R"({"rope_parameters":{"rope_type":"linear","factor":2,"rope_theta":5e5}})");
  for (const ModelConfig& c : {four, five}) {
    EXPECT_EQ(c.rope_theta, 5e5f);
    EXPECT_EQ(c.rope_scaling.kind, RopeScaling::Kind::kLinear);
    EXPECT_EQ(c.rope_scaling.factor, 2.0f);
  }
  const ModelConfig gemma = config(R"({"architectures":["Gemma3ForCausalLM"],"head_dim":8,
      "layer_types":["sliding_attention","full_attention","full_attention","sliding_attention"],
      "sliding_window":5,
      "rope_parameters":{"full_attention":{"rope_type":"linear","factor":8,"rope_theta":2e6},
                         "sliding_attention":{"rope_type":"default","rope_theta":2e4}}})");
  EXPECT_EQ(gemma.rope_theta, 2e6f);
  EXPECT_EQ(gemma.rope_local_theta, 2e4f);
  EXPECT_EQ(gemma.rope_scaling.factor, 8.0f);
  EXPECT_THAT(gemma.layer_windows, ElementsAre(5, 0, 0, 5));
}

TEST(HfConfig, WindowsOfQwen) {
  const char* qwen = R"({"architectures":["Qwen2ForCausalLM"],"sliding_window":7,
                         "max_window_layers":3,"use_sliding_window":true})";
  EXPECT_THAT(config(qwen).layer_windows, ElementsAre(0, 0, 0, 7));
  EXPECT_THAT(config(R"({"architectures":["Qwen3ForCausalLM"],"sliding_window":7,
                         "max_window_layers":3,"use_sliding_window":false})")
                  .layer_windows,
              ElementsAre(0, 0, 0, 0));
  EXPECT_EQ(config(R"({"architectures":["Qwen3ForCausalLM"]})").head_dim, 128);
}

TEST(HfConfig, OptWithoutBiases) {
  const ModelConfig c = config(R"({"architectures":["OPTForCausalLM"],"ffn_dim":9,
      "enable_bias":false,"do_layer_norm_before":false,"_remove_final_layer_norm":true})");
  EXPECT_FALSE(c.attention_bias || c.attention_output_bias || c.mlp_bias);
  EXPECT_FALSE(c.norm_before || c.final_norm);
  EXPECT_EQ(c.embedding_projection_dim, 16);
}

// --- what is refused -----------------------------------------------------------------------------

TEST(HfConfig, SaysWhatWasWantedAndFound) {
  const auto wrong = [](std::string_view changes) { return message(read(changes)); };
  EXPECT_THAT(wrong(R"({"architectures":["MambaForCausalLM"]})"),
              AllOf(HasSubstr("config.json"), HasSubstr("'MambaForCausalLM'"),
                    HasSubstr("GraniteMoeForCausalLM")));
  EXPECT_THAT(wrong(R"({"architectures":[]})"), HasSubstr("'architectures'"));
  EXPECT_THAT(wrong(R"({"architectures":"LlamaForCausalLM"})"), HasSubstr("a list of strings"));
  EXPECT_THAT(wrong(R"({"hidden_size":null})"),
              AllOf(HasSubstr("config.json"), HasSubstr("'hidden_size'"), HasSubstr("nothing")));
  EXPECT_THAT(wrong(R"({"hidden_size":"wide"})"), HasSubstr("found \"wide\""));
  EXPECT_THAT(wrong(R"({"num_hidden_layers":1000000})"), HasSubstr("found 1000000"));
  EXPECT_THAT(wrong(R"({"num_attention_heads":0})"), HasSubstr("found 0"));
  EXPECT_THAT(wrong(R"({"vocab_size":18446744073709551615})"), HasSubstr("'vocab_size'"));
  EXPECT_THAT(wrong(R"({"num_key_value_heads":3})"), HasSubstr("do not divide"));
  EXPECT_THAT(wrong(R"({"num_attention_heads":32})"), HasSubstr("too few"));
  EXPECT_THAT(wrong(R"({"num_attention_heads":1048576,"head_dim":1048576})"),
              HasSubstr("wanted at most"));
  EXPECT_THAT(wrong(R"({"rms_norm_eps":-1})"), HasSubstr("epsilon"));
  EXPECT_THAT(wrong(R"({"rms_norm_eps":1e300})"), HasSubstr("finite"));
  EXPECT_THAT(wrong(R"({"hidden_act":"mish"})"), AllOf(HasSubstr("mish"), HasSubstr("relu")));
  EXPECT_THAT(wrong(R"({"dtype":"int8"})"), AllOf(HasSubstr("'dtype'"), HasSubstr("int8")));
  EXPECT_THAT(wrong(R"({"attention_bias":1})"), HasSubstr("true or false"));
  EXPECT_THAT(wrong(R"({"eos_token_id":"x"})"), HasSubstr("token id"));
  EXPECT_THAT(wrong(R"({"head_dim":7})"), HasSubstr("positive even number"));
  EXPECT_EQ(message(read_model_config(Json(3), "config.json")), "config.json: not an object");
}

TEST(HfConfig, RefusesRopeThatItCannotCompute) {
  const auto wrong = [](std::string_view changes) { return message(read(changes)); };
  EXPECT_THAT(wrong(R"({"rope_scaling":{"type":"yarn","factor":2}})"),
              AllOf(HasSubstr("'yarn'"), HasSubstr("longrope")));
  EXPECT_THAT(wrong(R"({"rope_scaling":{"type":"linear"}})"), HasSubstr("'factor'"));
  EXPECT_THAT(wrong(R"({"rope_scaling":7})"), HasSubstr("an object"));
  EXPECT_THAT(wrong(R"({"rope_parameters":{"full_attention":7}})"), HasSubstr("an object"));
  EXPECT_THAT(wrong(R"({"rope_theta":0})"), HasSubstr("positive thetas"));
  EXPECT_THAT(wrong(R"({"partial_rotary_factor":1.5})"), HasSubstr("(0, 1]"));
  EXPECT_THAT(
      wrong(R"({"rope_scaling":{"type":"longrope","short_factor":[1,1],"long_factor":[1,1,1,1],
                        "original_max_position_embeddings":8}})"),
      AllOf(HasSubstr("'short_factor'"), HasSubstr("wanted 4"), HasSubstr("found 2")));
  EXPECT_THAT(wrong(R"({"rope_scaling":{"type":"llama3","factor":8,"low_freq_factor":2,
                        "high_freq_factor":2,"original_max_position_embeddings":8}})"),
              HasSubstr("'high_freq_factor'"));
}

TEST(HfConfig, RefusesLayersThatDoNotFit) {
  EXPECT_THAT(message(read(R"({"architectures":["Qwen2ForCausalLM"],
                               "layer_types":["full_attention"]})")),
              AllOf(HasSubstr("'layer_types'"), HasSubstr("4 entries")));
  EXPECT_THAT(message(read(R"({"architectures":["Qwen2ForCausalLM"],"layer_types":
                  ["full_attention","full_attention","full_attention","linear_attention"]})")),
              HasSubstr("sliding_attention"));
}

TEST(HfConfig, GptBigCodeHasOneKvHeadUnlessItSaysOtherwise) {
  const auto kv_heads = [](const char* multi_query) {
    return read(fmt::format(R"({{"architectures":["GPTBigCodeForCausalLM"],"n_embd":8,"n_layer":1,
                                 "vocab_size":9,"n_head":2{}}})",
                            multi_query)
                    .c_str())
        ->num_kv_heads;
  };
  EXPECT_EQ(kv_heads(""), 1);
  EXPECT_EQ(kv_heads(R"(,"multi_query":false)"), 2);
}

TEST(HfGenerationConfig, ReadsDefaultsOfSampling) {
  const auto g =
      read_generation_config(Json::parse(R"({"temperature":0.6,"top_p":0.9,"top_k":40,"min_p":0.1,
          "repetition_penalty":1.1,"max_new_tokens":9,"eos_token_id":[3,4],"do_sample":true})"),
                             "generation_config.json");
  ASSERT_TRUE(g) << message(g);
  EXPECT_EQ(g->temperature, 0.6f);
  EXPECT_EQ(g->top_p, 0.9f);
  EXPECT_EQ(g->top_k, 40);
  EXPECT_EQ(g->min_p, 0.1f);
  EXPECT_EQ(g->repetition_penalty, 1.1f);
  EXPECT_EQ(g->max_new_tokens, 9);
  EXPECT_THAT(g->eos_token_ids, ElementsAre(3, 4));
  const auto wrong = read_generation_config(Json::parse(R"({"top_k":-2})"), "g.json");
  EXPECT_THAT(message(wrong), AllOf(HasSubstr("g.json"), HasSubstr("'top_k'"), HasSubstr("-2")));
}

}  // namespace
}  // namespace spyre::checkpoint
