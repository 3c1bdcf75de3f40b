// What a checkpoint says about its model, in one normalised struct: the spellings of transformers 4
// and 5 and of GGUF metadata end here. A family (src/model/) reads these fields; nothing else asks
// which spelling a file used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/format.h"
#include "checkpoint/pooling.h"

namespace spyre::checkpoint {

enum class ActivationFunction { kSilu, kGelu, kGeluTanh, kRelu };

struct RopeScaling {
  enum class Kind { kNone, kLinear, kLlama3, kLongRope, kFrequencyFactors };
  Kind kind = Kind::kNone;
  float factor = 1.0f;
  float low_freq_factor = 1.0f;        // kLlama3
  float high_freq_factor = 4.0f;       // kLlama3
  int64_t original_max_positions = 0;  // kLlama3, kLongRope
  std::vector<float> short_factors;    // kLongRope: divisors, [rotary_dim / 2]
  std::vector<float> long_factors;     // kLongRope; kFrequencyFactors keeps its divisors here too
  std::optional<float> attention_factor;  // kLongRope: multiplies cos and sin
};

struct ModelConfig {
  std::string
      architecture;  // "LlamaForCausalLM", ...; GGUF architectures are mapped to these names
  Format dtype = Format::kF32;  // of the float tensors: kF32, kF16 or kBF16

  int64_t vocab_size = 0;
  int64_t hidden_size = 0;
  int64_t intermediate_size = 0;
  int64_t num_layers = 0;
  int64_t num_heads = 0;
  int64_t num_kv_heads = 0;
  int64_t head_dim = 0;
  int64_t max_positions = 0;  // tokens that a sequence may have

  float norm_eps = 1e-5f;
  // gemma: the file keeps 1 + w, which Hugging Face files leave to the norm (GGUF does this).
  bool norm_offset_stored = false;
  ActivationFunction activation = ActivationFunction::kSilu;
  bool tie_word_embeddings = false;
  bool attention_bias = false;  // q, k and v projections
  bool attention_output_bias = false;
  bool mlp_bias = false;

  float rope_theta = 10000.0f;
  float rope_local_theta = 10000.0f;  // gemma3: of the sliding-window layers, never scaled
  float partial_rotary_factor = 1.0f;
  RopeScaling rope_scaling;

  // Per layer: 0 = full attention, W > 0: position i sees i-W+1 .. i. Always num_layers entries.
  std::vector<int64_t> layer_windows;

  std::optional<float> attention_multiplier;  // granite: score scale instead of 1/sqrt(head_dim)
  std::optional<float> query_pre_attention_scalar;  // gemma: scale = 1/sqrt(this)
  float embedding_multiplier = 1.0f;                // granite
  float residual_multiplier = 1.0f;                 // granite
  float logits_scaling = 1.0f;                      // granite: logits are divided by it
  float attention_softcap = 0.0f;                   // gemma: 0 = off
  float final_softcap = 0.0f;                       // gemma: 0 = off

  int64_t num_experts = 0;  // granitemoe
  int64_t experts_per_token = 0;

  int64_t embedding_projection_dim =
      0;                    // opt: word_embed_proj_dim; 0 or hidden_size = no projection
  bool norm_before = true;  // opt: do_layer_norm_before
  bool final_norm = true;   // opt: not _remove_final_layer_norm

  // Encoders.
  int64_t num_token_types = 0;  // rows of the token type table; 0: there is none
  // Of the first token: roberta's is pad_token_id + 1, mpnet's 2. The table of positions has
  // first_position + max_positions rows. Where it is not 0, a token of a text whose id is
  // first_position - 1 (the pad token's; in mpnet whichever it is) stands at that position and does
  // not count: so transformers numbers them.
  int64_t first_position = 0;
  int64_t relative_position_buckets = 0;  // mpnet

  std::optional<Pooling> pooling;  // none: the model generates text

  std::optional<int32_t> bos_token_id;
  std::vector<int32_t> eos_token_ids;  // config.json's; generation_config.json may have more
  std::optional<int32_t> pad_token_id;
};

}  // namespace spyre::checkpoint
