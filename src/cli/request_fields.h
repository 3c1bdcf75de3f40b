// Sampling of the offline commands: fields by the server's one table of request fields
// (serve/openai/request_fields.h), defaults from the model's generation_config.json. Flags of
// `spyre generate` and lines of its --input file are both JSON here.
#pragma once

#include "checkpoint/generation_config.h"
#include "serve/openai/request_fields.h"

namespace spyre::cli {

using serve::openai::SamplingRequest;

// The values of a generation_config.json, and of SamplingParams where it has none.
sample::SamplingParams sampling_params(const checkpoint::GenerationConfig& config);

// What a model's generation_config.json asks for where a request says nothing; an answer ends at
// its end tokens and at the tokenizer's.
SamplingRequest default_sampling(const checkpoint::GenerationConfig& config,
                                 const text::Tokenizer& tokenizer);

// Sets the field `name` from its JSON value; null leaves it alone. kInvalidArgument names the
// field, what was wanted and found; kNotFound: there is no such field.
Status set_field(std::string_view name, const Json& value, const text::Tokenizer& tokenizer,
                 SamplingRequest& request);

// Joins prompt and sampling into what the engine takes; without max_tokens the answer may fill the
// room that the prompt leaves.
engine::Request to_engine_request(std::vector<int32_t> prompt, const SamplingRequest& sampling,
                                  int64_t max_model_len);

}  // namespace spyre::cli
