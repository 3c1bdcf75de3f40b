#include "checkpoint/gguf_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spyre::checkpoint {
namespace {

std::string whole(std::string_view architecture, std::string_view name) {
  return gguf_name(architecture, name).whole;
}

TEST(GgufNames, MapsLlama) {
  const char* llama = "LlamaForCausalLM";
  EXPECT_EQ(whole(llama, "model.embed_tokens.weight"), "token_embd.weight");
  EXPECT_EQ(whole(llama, "model.norm.weight"), "output_norm.weight");
  EXPECT_EQ(whole(llama, "lm_head.weight"), "output.weight");
  EXPECT_EQ(whole(llama, "model.layers.12.self_attn.q_proj.bias"), "blk.12.attn_q.bias");
  EXPECT_EQ(whole(llama, "model.layers.0.post_attention_layernorm.weight"),
            "blk.0.ffn_norm.weight");
  EXPECT_EQ(whole(llama, "model.layers.0.mlp.down_proj.weight"), "blk.0.ffn_down.weight");
}

TEST(GgufNames, MapsEncoders) {
  const char* bert = "BertModel";
  EXPECT_EQ(whole(bert, "embeddings.LayerNorm.bias"), "token_embd_norm.bias");
  EXPECT_EQ(whole(bert, "embeddings.token_type_embeddings.weight"), "token_types.weight");
  EXPECT_EQ(whole(bert, "encoder.layer.3.attention.output.LayerNorm.weight"),
            "blk.3.attn_output_norm.weight");
  EXPECT_EQ(whole(bert, "encoder.layer.0.output.dense.bias"), "blk.0.ffn_down.bias");
  EXPECT_EQ(whole(bert, "classifier.out_proj.weight"), "cls.output.weight");
  EXPECT_EQ(whole(bert, "model.embed_tokens.weight"), "");
}

TEST(GgufNames, MapsOtherFamilies) {
  EXPECT_EQ(whole("Gemma3ForCausalLM", "model.layers.1.post_attention_layernorm.weight"),
            "blk.1.post_attention_norm.weight");
  EXPECT_EQ(whole("Gemma3ForCausalLM", "model.layers.1.pre_feedforward_layernorm.weight"),
            "blk.1.ffn_norm.weight");
  EXPECT_EQ(whole("Gemma3ForCausalLM", "model.layers.1.post_feedforward_layernorm.weight"),
            "blk.1.post_ffw_norm.weight");
  EXPECT_EQ(whole("Qwen3ForCausalLM", "model.layers.1.self_attn.q_norm.weight"),
            "blk.1.attn_q_norm.weight");
  EXPECT_EQ(whole("Phi3ForCausalLM", "model.layers.1.mlp.gate_up_proj.weight"),
            "blk.1.ffn_up.weight");
  EXPECT_EQ(whole("GPTBigCodeForCausalLM", "transformer.h.2.attn.c_proj.bias"),
            "blk.2.attn_output.bias");
  EXPECT_EQ(whole("GPTBigCodeForCausalLM", "transformer.wpe.weight"), "position_embd.weight");
  EXPECT_EQ(whole("GraniteMoeForCausalLM", "model.layers.1.block_sparse_moe.router.layer.weight"),
            "blk.1.ffn_gate_inp.weight");
}

TEST(GgufNames, NamesPartsOfFusedTensors) {
  const GgufName qkv = gguf_name("Phi3ForCausalLM", "model.layers.1.self_attn.qkv_proj.weight");
  EXPECT_EQ(qkv.whole, "blk.1.attn_qkv.weight");
  EXPECT_THAT(qkv.parts, testing::ElementsAre("blk.1.attn_q.weight", "blk.1.attn_k.weight",
                                              "blk.1.attn_v.weight"));
  const GgufName experts =
      gguf_name("GraniteMoeForCausalLM", "model.layers.0.block_sparse_moe.input_linear.weight");
  EXPECT_THAT(experts.parts,
              testing::ElementsAre("blk.0.ffn_gate_exps.weight", "blk.0.ffn_up_exps.weight"));
}

TEST(GgufNames, LeavesUnknownNamesEmpty) {
  for (const char* name :
       {"", "weight", "model.layers.weight", "model.layers.x.mlp.up_proj.weight",
        "model.layers.1.rotary.weight", "visual.proj.weight", "model.layers.1.", "."}) {
    EXPECT_EQ(whole("LlamaForCausalLM", name), "") << name;
  }
}

}  // namespace
}  // namespace spyre::checkpoint
