#include "checkpoint/gguf_config.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "checkpoint/config_check.h"
#include "checkpoint/gguf_encoder.h"
#include "checkpoint/json_reader.h"

namespace spyre::checkpoint {

namespace {

struct Family {
  std::string_view gguf;
  std::string_view architecture;
  bool interleaved_heads;
};
constexpr Family kFamilies[] = {
    {"llama", "LlamaForCausalLM", true},  // Mistral too
    {"qwen2", "Qwen2ForCausalLM", false},          {"qwen3", "Qwen3ForCausalLM", false},
    {"granite", "GraniteForCausalLM", true},       {"granitemoe", "GraniteMoeForCausalLM", true},
    {"gemma3", "Gemma3ForCausalLM", false},        {"phi3", "Phi3ForCausalLM", false},
    {"starcoder", "GPTBigCodeForCausalLM", false},
};

// Reads the keys of one architecture and the tensors beside them.
class ConfigReader {
 public:
  ConfigReader(const Json& metadata, const GgufTensors& tensors, const Family& family,
               std::string_view source)
      : r_(metadata, source),
        metadata_(metadata),
        tensors_(tensors),
        family_(family),
        source_(source) {}

  Result<ModelConfig> read() {
    ModelConfig c;
    c.architecture = family_.architecture;
    read_sizes(c);
    read_tensors(c);
    read_numbers(c);
    read_mixture(c);
    SPYRE_TRY(r_.status());
    SPYRE_TRY(check_sizes(c, source_));
    read_windows(c);
    if (has_rope(c)) read_rope(c);
    read_token_ids(c);
    c.pooling = read_gguf_decoder_pooling(r_, family_.gguf, source_, c);
    SPYRE_TRY(r_.status());
    SPYRE_TRY(check_config(c, source_));
    if (family_.interleaved_heads && c.head_dim % 2 != 0) {
      return error(Code::kInvalidArgument, "{}: heads of {} columns: wanted an even number",
                   source_, c.head_dim);
    }
    return c;
  }

 private:
  std::string key(std::string_view name) const { return fmt::format("{}.{}", family_.gguf, name); }
  bool is_starcoder() const { return family_.gguf == "starcoder"; }
  bool is_gemma() const { return family_.gguf == "gemma3"; }

  const GgufTensor* tensor(std::string_view name) const {
    const auto found = tensors_.find(name);
    return found == tensors_.end() ? nullptr : &found->second;
  }

  void read_sizes(ModelConfig& c) {
    c.hidden_size = r_.required_integer(key("embedding_length"), 1, kMaxWidth);
    c.intermediate_size = r_.required_integer(key("feed_forward_length"), 1, kMaxWidth);
    c.num_layers = r_.required_integer(key("block_count"), 1, kMaxLayers);
    c.num_heads = r_.required_integer(key("attention.head_count"), 1, kMaxWidth);
    c.num_kv_heads = r_.integer(key("attention.head_count_kv"), c.num_heads, 1, kMaxWidth);
    c.head_dim = r_.integer(key("attention.key_length"), c.hidden_size / c.num_heads, 1, kMaxWidth);
    r_.integer(key("attention.value_length"), c.head_dim, c.head_dim, c.head_dim);
    c.max_positions = r_.required_integer(key("context_length"), 1, kMaxPositions);
    if (is_starcoder()) r_.integer(key("attention.head_count_kv"), 1, 1, 1);
  }

  void read_tensors(ModelConfig& c) {
    const GgufTensor* embedding = tensor("token_embd.weight");
    if (embedding == nullptr || embedding->shape.size() != 2 || embedding->shape[0] < 1 ||
        embedding->shape[0] > kMaxVocabulary) {
      r_.fail_with({Code::kDataLoss,
                    fmt::format("{}: tensor 'token_embd.weight': wanted [vocabulary, columns], "
                                "found {}",
                                source_, embedding == nullptr ? "none" : "another shape")});
      return;
    }
    c.vocab_size = embedding->shape[0];
    // Quantised files compute in f16 what is left in floats.
    c.dtype = is_float(embedding->format) ? embedding->format : Format::kF16;
    c.tie_word_embeddings = tensor("output.weight") == nullptr;
    c.attention_bias = tensor("blk.0.attn_q.bias") || tensor("blk.0.attn_qkv.bias");
    c.attention_output_bias = tensor("blk.0.attn_output.bias") != nullptr;
    c.mlp_bias = tensor("blk.0.ffn_up.bias") != nullptr;
  }

  void read_numbers(ModelConfig& c) {
    c.norm_eps = r_.real(
        key(is_starcoder() ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"),
        1e-5f);
    if (is_gemma() || is_starcoder()) c.activation = ActivationFunction::kGeluTanh;
    c.norm_offset_stored = is_gemma();
    c.attention_multiplier = r_.optional_real(key("attention.scale"));
    c.embedding_multiplier = r_.real(key("embedding_scale"), 1.0f);
    c.residual_multiplier = r_.real(key("residual_scale"), 1.0f);
    c.logits_scaling = r_.real(key("logit_scale"), 1.0f);
    if (c.logits_scaling == 0.0f) r_.fail(key("logit_scale"), "a number other than 0");
    c.attention_softcap = r_.real(key("attn_logit_softcapping"), 0.0f);
    c.final_softcap = r_.real(key("final_logit_softcapping"), 0.0f);
    // Gemma 3 27B is the one size whose scale is not that of its heads; no key says so.
    constexpr int64_t kLayersOf27B = 62;
    if (is_gemma() && c.num_layers == kLayersOf27B) {
      c.query_pre_attention_scalar = static_cast<float>(c.hidden_size / c.num_heads);
    }
  }

  void read_mixture(ModelConfig& c) {
    const bool is_mixture = family_.gguf == "granitemoe";
    const int64_t experts = r_.integer(key("expert_count"), 0, 0, kMaxLayers);
    const int64_t shared = r_.integer(key("expert_shared_feed_forward_length"), 0, 0, kMaxWidth);
    if ((experts > 0) != is_mixture || shared > 0) {
      r_.fail_with({Code::kUnsupported,
                    fmt::format("{}: {} experts ({} columns shared) of architecture '{}' are not "
                                "supported; supported are those of granitemoe, not shared",
                                source_, experts, shared, family_.gguf)});
      return;
    }
    c.num_experts = experts;
    if (!is_mixture) return;
    c.experts_per_token = r_.required_integer(key("expert_used_count"), 1, c.num_experts);
  }

  void read_windows(ModelConfig& c) {
    const int64_t window = r_.integer(key("attention.sliding_window"), 0, 0, kMaxPositions);
    c.layer_windows.assign(static_cast<size_t>(c.num_layers), window);
    if (!is_gemma()) return;
    const std::string pattern_key = key("attention.sliding_window_pattern");
    const auto listed = metadata_.find(pattern_key);
    if (listed != metadata_.end() && listed->is_array()) {
      if (listed->size() < c.layer_windows.size()) {
        return r_.fail(pattern_key, fmt::format("{} entries", c.num_layers));
      }
      for (size_t i = 0; i < c.layer_windows.size(); ++i) {
        if ((*listed)[i] == false) c.layer_windows[i] = 0;
      }
      return;
    }
    const int64_t pattern = r_.integer(pattern_key, 6, 1, kMaxLayers);
    for (int64_t layer = pattern - 1; layer < c.num_layers; layer += pattern) {
      c.layer_windows[static_cast<size_t>(layer)] = 0;
    }
  }

  void read_rope(ModelConfig& c) {
    c.rope_theta = r_.real(key("rope.freq_base"), 10000.0f);
    c.rope_local_theta = r_.real(key("rope.freq_base_swa"), 10000.0f);
    const int64_t rotary = r_.integer(key("rope.dimension_count"), c.head_dim, 1, c.head_dim);
    c.partial_rotary_factor = static_cast<float>(rotary) / static_cast<float>(c.head_dim);
    // The factor is multiplied back and rounded down where it is used.
    if (rotary_columns(c) < rotary) {
      c.partial_rotary_factor = std::nextafter(c.partial_rotary_factor, 2.0f);
    }
    read_scaling(c);
  }

  void read_scaling(ModelConfig& c) {
    RopeScaling& s = c.rope_scaling;
    const std::string old_key = key("rope.scale_linear");
    const bool old_spelling = r_.has(old_key);
    const std::string type = r_.text(key("rope.scaling.type"), old_spelling ? "linear" : "none");
    const bool longrope = tensor("rope_factors_long.weight") != nullptr;
    if (tensor("rope_freqs.weight") != nullptr) {
      s.kind = RopeScaling::Kind::kFrequencyFactors;
      s.long_factors = factors("rope_freqs.weight", c);
    } else if (longrope) {
      read_longrope(c);
    } else if (type == "linear") {
      s.kind = RopeScaling::Kind::kLinear;
      const std::string factor_key = old_spelling ? old_key : key("rope.scaling.factor");
      s.factor = r_.real(factor_key, 0.0f);
      if (!(s.factor > 0)) r_.fail(factor_key, "a positive number");
    } else if (type != "none") {
      r_.fail_with({Code::kUnsupported,
                    fmt::format("{}: rope type '{}' without a tensor of factors is not supported; "
                                "supported are none, linear, rope_freqs.weight, and "
                                "rope_factors_long.weight with rope_factors_short.weight",
                                source_, type)});
    }
  }

  void read_longrope(ModelConfig& c) {
    RopeScaling& s = c.rope_scaling;
    s.kind = RopeScaling::Kind::kLongRope;
    s.long_factors = factors("rope_factors_long.weight", c);
    s.short_factors = factors("rope_factors_short.weight", c);
    s.original_max_positions =
        r_.integer(key("rope.scaling.original_context_length"), c.max_positions, 2, kMaxPositions);
    const float ratio =
        static_cast<float>(c.max_positions) / static_cast<float>(s.original_max_positions);
    s.attention_factor = r_.optional_real(key("rope.scaling.attn_factor"));
    if (!s.attention_factor && s.original_max_positions > 1) {
      s.attention_factor = longrope_attention_factor(ratio, s.original_max_positions);
    }
  }

  // An f32 tensor of positive divisors, one per rotary pair.
  std::vector<float> factors(std::string_view name, const ModelConfig& c) {
    const GgufTensor* found = tensor(name);
    const int64_t pairs = rotary_columns(c) / 2;
    const bool sound = found != nullptr && found->format == Format::kF32 &&
                       found->shape == std::vector<int64_t>{pairs};
    std::vector<float> values;
    if (sound) {
      values.resize(static_cast<size_t>(pairs));
      std::memcpy(values.data(), found->data.data(), found->data.size());
    }
    if (!sound || !std::ranges::all_of(values, [](float each) { return each > 0; })) {
      r_.fail_with({Code::kDataLoss, fmt::format("{}: tensor '{}': wanted {} positive F32 values",
                                                 source_, name, pairs)});
    }
    return values;
  }

  void read_token_ids(ModelConfig& c) {
    const auto id = [&](std::string_view name) -> std::optional<int32_t> {
      // All bits set is how files say none.
      const int64_t value =
          r_.integer(fmt::format("tokenizer.ggml.{}", name), UINT32_MAX, -1, UINT32_MAX);
      if (value < 0 || value >= c.vocab_size) return std::nullopt;
      return static_cast<int32_t>(value);
    };
    c.bos_token_id = id("bos_token_id");
    c.pad_token_id = id("padding_token_id");
    if (const auto eos = id("eos_token_id")) c.eos_token_ids = {*eos};
  }

  JsonReader r_;
  const Json& metadata_;
  const GgufTensors& tensors_;
  const Family& family_;
  const std::string_view source_;
};

// Texts of the tokens that end a turn or a document in the models above.
constexpr std::string_view kEndTexts[] = {
    "<|eot_id|>", "<|im_end|>",      "<|end|>",    "<end_of_turn>", "<|endoftext|>",
    "<|eom_id|>", "<|end_of_text|>", "<|return|>", "<EOT>",
};
constexpr int kControlToken = 3;

void add_end_texts(const Json& metadata, std::vector<int32_t>& ids) {
  const auto tokens = metadata.find("tokenizer.ggml.tokens");
  const auto types = metadata.find("tokenizer.ggml.token_type");
  const bool listed = tokens != metadata.end() && types != metadata.end() && tokens->is_array() &&
                      types->is_array() && types->size() == tokens->size();
  if (!listed) return;
  for (size_t i = 0; i < tokens->size(); ++i) {
    if ((*types)[i] != kControlToken || !(*tokens)[i].is_string()) continue;
    const auto& text = (*tokens)[i].get_ref<const std::string&>();
    if (std::ranges::find(kEndTexts, std::string_view(text)) != std::end(kEndTexts)) {
      ids.push_back(static_cast<int32_t>(i));
    }
  }
}

}  // namespace

Result<ModelConfig> read_gguf_config(const Json& metadata, const GgufTensors& tensors,
                                     std::string_view source) {
  JsonReader r(metadata, source);
  const std::string architecture = r.text("general.architecture", "");
  SPYRE_TRY(r.status());
  if (architecture == kGgufEncoder) return read_gguf_encoder(metadata, tensors, source);
  const auto family = std::ranges::find(kFamilies, std::string_view(architecture), &Family::gguf);
  if (family == std::end(kFamilies)) {
    std::vector<std::string_view> known;
    for (const Family& each : kFamilies) known.push_back(each.gguf);
    known.push_back(kGgufEncoder);
    return error(Code::kUnsupported,
                 "{}: general.architecture '{}' is not supported; supported are {}", source,
                 architecture, fmt::join(known, ", "));
  }
  return ConfigReader(metadata, tensors, *family, source).read();
}

bool has_interleaved_heads(std::string_view architecture) {
  const auto family = std::ranges::find(kFamilies, architecture, &Family::architecture);
  return family != std::end(kFamilies) && family->interleaved_heads;
}

Result<GenerationConfig> read_gguf_generation_config(const Json& metadata,
                                                     std::string_view source) {
  JsonReader r(metadata, source);
  GenerationConfig g;
  for (const char* key : {"eos_token_id", "eot_token_id", "eom_token_id"}) {
    const int64_t id = r.integer(fmt::format("tokenizer.ggml.{}", key), -1, -1, UINT32_MAX);
    if (id >= 0 && id <= kMaxVocabulary) g.eos_token_ids.push_back(static_cast<int32_t>(id));
  }
  add_end_texts(metadata, g.eos_token_ids);
  std::ranges::sort(g.eos_token_ids);
  const auto repeated = std::ranges::unique(g.eos_token_ids);
  g.eos_token_ids.erase(repeated.begin(), repeated.end());

  g.temperature = r.optional_real("general.sampling.temp");
  g.top_p = r.optional_real("general.sampling.top_p");
  g.min_p = r.optional_real("general.sampling.min_p");
  g.repetition_penalty = r.optional_real("general.sampling.penalty_repeat");
  if (r.has("general.sampling.top_k")) {
    g.top_k = static_cast<int32_t>(r.integer("general.sampling.top_k", 0, -1, INT32_MAX));
  }
  SPYRE_TRY(r.status());
  return g;
}

}  // namespace spyre::checkpoint
