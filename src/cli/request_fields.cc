#include "cli/request_fields.h"

#include <algorithm>

namespace spyre::cli {

sample::SamplingParams sampling_params(const checkpoint::GenerationConfig& config) {
  sample::SamplingParams params;
  params.temperature = config.temperature.value_or(params.temperature);
  params.top_p = config.top_p.value_or(params.top_p);
  params.top_k = config.top_k.value_or(params.top_k);
  params.min_p = config.min_p.value_or(params.min_p);
  params.repetition_penalty = config.repetition_penalty.value_or(params.repetition_penalty);
  params.eos_token_ids = config.eos_token_ids;
  return params;
}

SamplingRequest default_sampling(const checkpoint::GenerationConfig& config,
                                 const text::Tokenizer& tokenizer) {
  SamplingRequest request;
  sample::SamplingParams& params = request.params;
  params = sampling_params(config);
  for (const int32_t id : tokenizer.stop_ids()) {
    if (std::ranges::find(params.eos_token_ids, id) == params.eos_token_ids.end()) {
      params.eos_token_ids.push_back(id);
    }
  }
  if (config.max_new_tokens) request.max_tokens = *config.max_new_tokens;
  return request;
}

Status set_field(std::string_view name, const Json& value, const text::Tokenizer& tokenizer,
                 SamplingRequest& request) {
  return serve::openai::set_sampling_field(name, value, tokenizer, request);
}

engine::Request to_engine_request(std::vector<int32_t> prompt, const SamplingRequest& sampling,
                                  int64_t max_model_len) {
  const int64_t room = max_model_len - static_cast<int64_t>(prompt.size());
  const int64_t max_tokens = sampling.max_tokens.value_or(std::max<int64_t>(room, 1));
  return serve::openai::make_engine_request(std::move(prompt), sampling, max_tokens);
}

}  // namespace spyre::cli
