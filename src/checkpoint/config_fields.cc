#include "checkpoint/config_fields.h"

#include <algorithm>

namespace spyre::checkpoint {

namespace {

struct TypeName {
  std::string_view architecture;
  std::string_view model_type;
};
constexpr TypeName kTypes[] = {
    {"LlamaForCausalLM", "llama"},
    {"MistralForCausalLM", "mistral"},
    {"Qwen2ForCausalLM", "qwen2"},
    {"Qwen3ForCausalLM", "qwen3"},
    {"GraniteForCausalLM", "granite"},
    {"GraniteMoeForCausalLM", "granitemoe"},
    {"Gemma3ForCausalLM", "gemma3_text"},
    {"Phi3ForCausalLM", "phi3"},
    {"GPTBigCodeForCausalLM", "gpt_bigcode"},
    {"OPTForCausalLM", "opt"},
    {"BertModel", "bert"},
    {"RobertaModel", "roberta"},
    {"MPNetModel", "mpnet"},
};

}  // namespace

Json config_fields(const ModelConfig& config) {
  Json fields = {{"architectures", Json::array({config.architecture})},
                 {"vocab_size", config.vocab_size},
                 {"hidden_size", config.hidden_size},
                 {"intermediate_size", config.intermediate_size},
                 {"num_hidden_layers", config.num_layers},
                 {"num_attention_heads", config.num_heads},
                 {"num_key_value_heads", config.num_kv_heads},
                 {"head_dim", config.head_dim},
                 {"max_position_embeddings", config.first_position + config.max_positions},
                 {"tie_word_embeddings", config.tie_word_embeddings}};
  const auto type =
      std::ranges::find(kTypes, std::string_view(config.architecture), &TypeName::architecture);
  if (type != std::end(kTypes)) fields["model_type"] = type->model_type;
  if (config.num_experts > 0) {
    fields["num_local_experts"] = config.num_experts;
    fields["num_experts_per_tok"] = config.experts_per_token;
  }
  return fields;
}

}  // namespace spyre::checkpoint
