// Reading goes in three steps: what all families spell alike, what a family spells or defaults
// differently (one function each), then rope (hf_rope.h) and the checks that need several fields
// (config_check.h).
#include "checkpoint/hf_config.h"

#include <algorithm>

#include "checkpoint/config_check.h"
#include "checkpoint/hf_encoder.h"
#include "checkpoint/hf_fields.h"
#include "checkpoint/hf_rope.h"
#include "checkpoint/json_reader.h"
#include "checkpoint/pooler_config.h"

namespace spyre::checkpoint {

namespace {

void read_decoder(JsonReader& r, ModelConfig& c) {
  c.hidden_size = r.required_integer("hidden_size", 1, kMaxWidth);
  c.intermediate_size = r.required_integer("intermediate_size", 1, kMaxWidth);
  c.num_layers = r.required_integer("num_hidden_layers", 1, kMaxLayers);
  c.num_heads = r.required_integer("num_attention_heads", 1, kMaxWidth);
  c.num_kv_heads = r.integer("num_key_value_heads", c.num_heads, 1, kMaxWidth);
  c.head_dim =
      r.integer("head_dim", c.hidden_size / std::max<int64_t>(c.num_heads, 1), 1, kMaxWidth);
  c.max_positions = r.integer("max_position_embeddings", 2048, 1, kMaxPositions);
  c.norm_eps = r.real("rms_norm_eps", 1e-6f);
  c.activation =
      read_activation(r, r.has("hidden_activation") ? "hidden_activation" : "hidden_act", "silu");
  c.attention_bias = r.boolean("attention_bias", false);
  c.attention_output_bias = c.attention_bias;
  c.mlp_bias = r.boolean("mlp_bias", false);
  // Embedders made of decoders whose tokens see what follows them.
  if (!r.boolean("is_causal", true)) r.fail("is_causal", "true");
}

// All layers alike: sliding_window, null or absent for none.
void read_uniform_window(JsonReader& r, ModelConfig& c) {
  const int64_t window = r.integer("sliding_window", 0, 1, kMaxPositions);
  c.layer_windows.assign(static_cast<size_t>(c.num_layers), window);
}

// layer_types: "sliding_attention" or "full_attention" for each layer.
bool read_layer_types(JsonReader& r, ModelConfig& c, int64_t window) {
  if (!r.has("layer_types")) return false;
  const std::vector<std::string> types = r.texts("layer_types");
  if (types.size() != static_cast<size_t>(c.num_layers)) {
    r.fail("layer_types", fmt::format("{} entries", c.num_layers));
    return true;
  }
  for (const std::string& type : types) {
    if (type != "full_attention" && type != "sliding_attention") {
      r.fail("layer_types", "full_attention or sliding_attention");
    }
    c.layer_windows.push_back(type == "sliding_attention" ? window : 0);
  }
  return true;
}

void read_llama(JsonReader& r, ModelConfig& c) { read_decoder(r, c); }

void read_mistral(JsonReader& r, ModelConfig& c) {
  read_decoder(r, c);
  read_uniform_window(r, c);
}

// Qwen2 and Qwen3: windows only when use_sliding_window, from max_window_layers on.
void read_qwen_windows(JsonReader& r, ModelConfig& c) {
  const bool use = r.boolean("use_sliding_window", false);
  const int64_t window = use ? r.integer("sliding_window", 4096, 1, kMaxPositions) : 0;
  if (read_layer_types(r, c, window)) return;
  const int64_t full_layers = r.integer("max_window_layers", 28, 0, kMaxLayers);
  for (int64_t layer = 0; layer < c.num_layers; ++layer) {
    c.layer_windows.push_back(layer >= full_layers ? window : 0);
  }
}

void read_qwen2(JsonReader& r, ModelConfig& c) {
  read_decoder(r, c);
  c.attention_bias = true;
  c.attention_output_bias = false;
  read_qwen_windows(r, c);
}

void read_qwen3(JsonReader& r, ModelConfig& c) {
  read_decoder(r, c);
  if (!r.has("head_dim")) c.head_dim = 128;
  read_qwen_windows(r, c);
}

void read_granite(JsonReader& r, ModelConfig& c) {
  read_decoder(r, c);
  c.embedding_multiplier = r.real("embedding_multiplier", 1.0f);
  c.residual_multiplier = r.real("residual_multiplier", 1.0f);
  c.attention_multiplier = r.real("attention_multiplier", 1.0f);
  c.logits_scaling = r.real("logits_scaling", 1.0f);
  if (c.logits_scaling == 0.0f) r.fail("logits_scaling", "a number other than 0");
}

void read_granite_moe(JsonReader& r, ModelConfig& c) {
  read_granite(r, c);
  c.num_experts = r.integer("num_local_experts", 8, 1, kMaxLayers);
  c.experts_per_token =
      r.integer("num_experts_per_tok", std::min<int64_t>(2, c.num_experts), 1, c.num_experts);
}

void read_gemma3(JsonReader& r, ModelConfig& c) {
  c.tie_word_embeddings = r.boolean("tie_word_embeddings", true);
  read_decoder(r, c);
  if (!r.has("head_dim")) c.head_dim = 256;
  if (r.boolean("use_bidirectional_attention", false)) {
    r.fail("use_bidirectional_attention", "false (embedding models are not decoders)");
  }
  if (!r.has("hidden_activation")) c.activation = ActivationFunction::kGeluTanh;
  c.query_pre_attention_scalar = r.real("query_pre_attn_scalar", 256.0f);
  if (!(*c.query_pre_attention_scalar > 0)) r.fail("query_pre_attn_scalar", "a positive number");
  c.attention_softcap = r.real("attn_logit_softcapping", 0.0f);
  c.final_softcap = r.real("final_logit_softcapping", 0.0f);
  const int64_t window = r.integer("sliding_window", 4096, 1, kMaxPositions);
  if (read_layer_types(r, c, window)) return;
  const char* key = "sliding_window_pattern";
  const int64_t pattern = r.integer(r.has(key) ? key : "_sliding_window_pattern", 6, 1, kMaxLayers);
  for (int64_t layer = 0; layer < c.num_layers; ++layer) {
    c.layer_windows.push_back((layer + 1) % pattern == 0 ? 0 : window);
  }
}

void read_phi3(JsonReader& r, ModelConfig& c) {
  read_decoder(r, c);
  if (!r.has("rms_norm_eps")) c.norm_eps = 1e-5f;
  read_uniform_window(r, c);
}

void read_gpt_bigcode(JsonReader& r, ModelConfig& c) {
  c.tie_word_embeddings = r.boolean("tie_word_embeddings", true);
  c.hidden_size = r.required_integer("n_embd", 1, kMaxWidth);
  c.intermediate_size = r.integer("n_inner", 4 * c.hidden_size, 1, kMaxWidth);
  c.num_layers = r.required_integer("n_layer", 1, kMaxLayers);
  c.num_heads = r.required_integer("n_head", 1, kMaxWidth);
  c.num_kv_heads = r.boolean("multi_query", true) ? 1 : c.num_heads;
  c.head_dim = c.hidden_size / std::max<int64_t>(c.num_heads, 1);
  c.max_positions = r.integer("n_positions", 1024, 1, kMaxPositions);
  c.norm_eps = r.real("layer_norm_epsilon", 1e-5f);
  c.activation = read_activation(r, "activation_function", "gelu_pytorch_tanh");
  if (!r.boolean("scale_attn_weights", true)) r.fail("scale_attn_weights", "true");
}

void read_opt(JsonReader& r, ModelConfig& c) {
  c.tie_word_embeddings = r.boolean("tie_word_embeddings", true);
  c.hidden_size = r.required_integer("hidden_size", 1, kMaxWidth);
  c.intermediate_size = r.required_integer("ffn_dim", 1, kMaxWidth);
  c.num_layers = r.required_integer("num_hidden_layers", 1, kMaxLayers);
  c.num_heads = r.required_integer("num_attention_heads", 1, kMaxWidth);
  c.num_kv_heads = c.num_heads;
  c.head_dim = c.hidden_size / std::max<int64_t>(c.num_heads, 1);
  c.max_positions = r.integer("max_position_embeddings", 2048, 1, kMaxPositions);
  c.norm_eps = 1e-5f;
  c.activation = read_activation(r, "activation_function", "relu");
  const bool bias = r.boolean("enable_bias", true);
  c.attention_bias = c.attention_output_bias = c.mlp_bias = bias;
  c.embedding_projection_dim = r.integer("word_embed_proj_dim", c.hidden_size, 1, kMaxWidth);
  c.norm_before = r.boolean("do_layer_norm_before", true);
  c.final_norm = !r.boolean("_remove_final_layer_norm", false);
  if (!r.boolean("layer_norm_elementwise_affine", true)) {
    r.fail("layer_norm_elementwise_affine", "true");
  }
}

struct Family {
  std::string_view architecture;
  void (*read)(JsonReader&, ModelConfig&);
};
constexpr Family kFamilies[] = {
    {"LlamaForCausalLM", read_llama},
    {"MistralForCausalLM", read_mistral},
    {"Qwen2ForCausalLM", read_qwen2},
    {"Qwen3ForCausalLM", read_qwen3},
    {"GraniteForCausalLM", read_granite},
    {"GraniteMoeForCausalLM", read_granite_moe},
    {"Gemma3ForCausalLM", read_gemma3},
    {"Phi3ForCausalLM", read_phi3},
    {"GPTBigCodeForCausalLM", read_gpt_bigcode},
    {"OPTForCausalLM", read_opt},
};

constexpr std::string_view kGenerator = "ForCausalLM";
// Decoders without their output matrix are embedders: "Qwen3Model" is Qwen3ForCausalLM's.
constexpr std::string_view kBareDecoder = "Model";
constexpr std::string_view kWithBareDecoder[] = {"Llama", "Mistral", "Qwen2", "Qwen3"};

// By its own name, or by that of its decoder alone; null: no family of decoders.
const Family* find_family(std::string_view architecture) {
  const auto is_named = [&](const Family& family) {
    if (family.architecture == architecture) return true;
    const std::string_view stem =
        family.architecture.substr(0, family.architecture.size() - kGenerator.size());
    return std::ranges::find(kWithBareDecoder, stem) != std::end(kWithBareDecoder) &&
           architecture.starts_with(stem) && architecture.substr(stem.size()) == kBareDecoder;
  };
  const auto found = std::ranges::find_if(kFamilies, is_named);
  return found == std::end(kFamilies) ? nullptr : &*found;
}

std::vector<std::string> supported_classes() {
  std::vector<std::string> names;
  for (const Family& each : kFamilies) names.emplace_back(each.architecture);
  for (const std::string_view stem : kWithBareDecoder) {
    names.push_back(fmt::format("{}{}", stem, kBareDecoder));
  }
  for (std::string& each : encoder_classes()) names.push_back(std::move(each));
  return names;
}

}  // namespace

Result<ModelConfig> read_model_config(const Json& config, std::string_view source) {
  if (!config.is_object()) return error(Code::kInvalidArgument, "{}: not an object", source);
  JsonReader r(config, source);
  const std::vector<std::string> architectures = r.texts("architectures");
  SPYRE_TRY(r.status());
  if (architectures.empty()) {
    return error(Code::kInvalidArgument, "{}: 'architectures' names no model class", source);
  }
  ModelConfig c;
  c.architecture = architectures[0];
  const bool generates = c.architecture.ends_with(kGenerator);
  if (const Family* family = find_family(c.architecture)) {
    c.architecture = family->architecture;
    family->read(r, c);
    read_common(r, c);
  } else if (is_encoder_class(c.architecture)) {
    read_common(r, c);
    read_encoder(r, source, c);
  } else {
    return error(Code::kUnsupported, "{}: architecture '{}' is not supported; supported are {}",
                 source, c.architecture, fmt::join(supported_classes(), ", "));
  }
  SPYRE_TRY(r.status());
  if (c.layer_windows.empty()) c.layer_windows.assign(static_cast<size_t>(c.num_layers), 0);
  if (has_rope(c)) read_rope(r, source, c);
  SPYRE_TRY(r.status());
  SPYRE_TRY(check_config(c, source));
  if (!generates && !c.pooling) c.pooling = pooling_of_decoder(c);
  return c;
}

Result<GenerationConfig> read_generation_config(const Json& config, std::string_view source) {
  if (!config.is_object()) return error(Code::kInvalidArgument, "{}: not an object", source);
  JsonReader r(config, source);
  GenerationConfig g;
  g.temperature = r.optional_real("temperature");
  g.top_p = r.optional_real("top_p");
  g.min_p = r.optional_real("min_p");
  g.repetition_penalty = r.optional_real("repetition_penalty");
  if (r.has("top_k")) g.top_k = static_cast<int32_t>(r.integer("top_k", 0, -1, INT32_MAX));
  if (r.has("max_new_tokens")) {
    g.max_new_tokens = static_cast<int32_t>(r.integer("max_new_tokens", 0, 1, INT32_MAX));
  }
  g.eos_token_ids = r.token_ids("eos_token_id");
  SPYRE_TRY(r.status());
  return g;
}

}  // namespace spyre::checkpoint
