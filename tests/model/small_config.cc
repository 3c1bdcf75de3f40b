#include "model/small_config.h"

namespace spyre::model::testing {

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
  return config;
}

}  // namespace spyre::model::testing
