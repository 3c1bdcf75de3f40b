// Sampling defaults that a model ships in generation_config.json. Unset = the server's own default.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace spyre::checkpoint {

struct GenerationConfig {
  std::optional<float> temperature;  // kept also when do_sample is false, as vLLM does
  std::optional<float> top_p;
  std::optional<int32_t> top_k;
  std::optional<float> min_p;
  std::optional<float> repetition_penalty;
  std::optional<int32_t> max_new_tokens;
  std::vector<int32_t> eos_token_ids;
};

}  // namespace spyre::checkpoint
