#include "checkpoint/gguf_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace spyre::checkpoint {

namespace {

struct Pair {
  std::string_view hugging_face;
  std::string_view gguf;
};

constexpr Pair kGlobal[] = {
    {"model.embed_tokens", "token_embd"},
    {"model.norm", "output_norm"},
    {"lm_head", "output"},
    {"transformer.wte", "token_embd"},
    {"transformer.wpe", "position_embd"},
    {"transformer.ln_f", "output_norm"},
};

constexpr Pair kLayer[] = {
    {"input_layernorm", "attn_norm"},
    {"self_attn.q_proj", "attn_q"},
    {"self_attn.k_proj", "attn_k"},
    {"self_attn.v_proj", "attn_v"},
    {"self_attn.qkv_proj", "attn_qkv"},
    {"self_attn.o_proj", "attn_output"},
    {"self_attn.q_norm", "attn_q_norm"},
    {"self_attn.k_norm", "attn_k_norm"},
    {"post_attention_layernorm", "ffn_norm"},
    {"mlp.gate_proj", "ffn_gate"},
    {"mlp.up_proj", "ffn_up"},
    {"mlp.gate_up_proj", "ffn_up"},
    {"mlp.down_proj", "ffn_down"},
    {"block_sparse_moe.router.layer", "ffn_gate_inp"},
    {"block_sparse_moe.input_linear", "ffn_gate_up_exps"},
    {"block_sparse_moe.output_linear", "ffn_down_exps"},
    // GPT-BigCode
    {"ln_1", "attn_norm"},
    {"attn.c_attn", "attn_qkv"},
    {"attn.c_proj", "attn_output"},
    {"ln_2", "ffn_norm"},
    {"mlp.c_fc", "ffn_up"},
    {"mlp.c_proj", "ffn_down"},
};

// Gemma's four norms; the second has Llama's name in Hugging Face files but another in GGUF.
constexpr Pair kGemmaLayer[] = {
    {"post_attention_layernorm", "post_attention_norm"},
    {"pre_feedforward_layernorm", "ffn_norm"},
    {"post_feedforward_layernorm", "post_ffw_norm"},
};

// Encoders. Their layers' names begin with "encoder.layer.".
constexpr Pair kEncoder[] = {
    {"embeddings.word_embeddings", "token_embd"},
    {"embeddings.position_embeddings", "position_embd"},
    {"embeddings.token_type_embeddings", "token_types"},
    {"embeddings.LayerNorm", "token_embd_norm"},
    {"classifier.dense", "cls"},
    {"classifier.out_proj", "cls.output"},
};

constexpr Pair kEncoderLayer[] = {
    {"attention.self.query", "attn_q"},
    {"attention.self.key", "attn_k"},
    {"attention.self.value", "attn_v"},
    {"attention.output.dense", "attn_output"},
    {"attention.output.LayerNorm", "attn_output_norm"},
    {"intermediate.dense", "ffn_up"},
    {"output.dense", "ffn_down"},
    {"output.LayerNorm", "layer_output_norm"},
};

std::string_view find(std::span<const Pair> table, std::string_view name) {
  const auto found = std::ranges::find(table, name, &Pair::hugging_face);
  return found == table.end() ? std::string_view() : found->gguf;
}

std::vector<std::string_view> parts_of(std::string_view whole) {
  if (whole == "attn_qkv") return {"attn_q", "attn_k", "attn_v"};
  if (whole == "ffn_gate_up_exps") return {"ffn_gate_exps", "ffn_up_exps"};
  return {};
}

// Splits "3.mlp.up_proj" after the layer number; both empty when there is none.
std::pair<std::string_view, std::string_view> split_layer(std::string_view rest) {
  const size_t dot = rest.find('.');
  const std::string_view number = rest.substr(0, dot);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool sound =
      dot != std::string_view::npos && !number.empty() && std::ranges::all_of(number, is_digit);
  if (!sound) return {};
  return {number, rest.substr(dot + 1)};
}

}  // namespace

GgufName gguf_name(std::string_view architecture, std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view suffix = name.substr(dot);  // ".weight" or ".bias"
  const std::string_view base = name.substr(0, dot);
  const bool encoder = architecture == "BertModel";
  if (const auto global = encoder ? find(kEncoder, base) : find(kGlobal, base); !global.empty()) {
    return {.whole = fmt::format("{}{}", global, suffix), .parts = {}};
  }
  for (const std::string_view prefix : {"model.layers.", "transformer.h.", "encoder.layer."}) {
    if (!base.starts_with(prefix)) continue;
    const auto [layer, module] = split_layer(base.substr(prefix.size()));
    const bool gemma = architecture == "Gemma3ForCausalLM";
    std::string_view own = gemma ? find(kGemmaLayer, module) : std::string_view();
    if (own.empty()) own = encoder ? find(kEncoderLayer, module) : find(kLayer, module);
    if (own.empty()) return {};
    GgufName result{.whole = fmt::format("blk.{}.{}{}", layer, own, suffix), .parts = {}};
    for (const std::string_view part : parts_of(own)) {
      result.parts.push_back(fmt::format("blk.{}.{}{}", layer, part, suffix));
    }
    return result;
  }
  return {};
}

}  // namespace spyre::checkpoint
