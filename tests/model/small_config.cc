#include "model/small_config.h"

namespace spyre::model::testing {

namespace {

bool is_decoder(std::string_view architecture) { return architecture.ends_with("ForCausalLM"); }

}  // namespace

checkpoint::ModelConfig small_config(std::string_view architecture) {
  checkpoint::ModelConfig config;
  config.architecture = architecture;
  config.vocab_size = 11;
  config.hidden_size = 8;
  config.intermediate_size = 12;
  config.num_layers = 2;
  config.num_heads = 2;
  config.num_kv_heads = 1;
  config.head_dim = 4;
  config.max_positions = 64;
  config.layer_windows = {0, 5};
  config.num_experts = 2;
  config.experts_per_token = 1;
  if (is_decoder(architecture)) return config;
  config.num_kv_heads = 2;
  config.layer_windows = {0, 0};
  config.num_token_types = 2;
  config.first_position = 2;
  config.relative_position_buckets = 8;
  config.pooling =
      checkpoint::Pooling{.type = checkpoint::PoolingType::kMean,
                          .layers = {{.name = "head", .inputs = 8, .outputs = 3, .bias = true}},
                          .max_tokens = kSmallModelLen};
  return config;
}

std::vector<std::string> decoders() {
  auto names = supported_architectures();
  std::erase_if(names, [](const std::string& name) { return !is_decoder(name); });
  return names;
}

std::vector<std::string> encoders() {
  auto names = supported_architectures();
  std::erase_if(names, is_decoder);
  return names;
}

}  // namespace spyre::model::testing
