// The sampling fields of a request, under the names of the OpenAI API and of vLLM, whichever way
// they come in: flags of `spyre generate` and lines of its --input file are both JSON objects here.
#pragma once

#include <optional>

#include "base/json.h"
#include "checkpoint/generation_config.h"
#include "engine/request.h"
#include "text/tokenizer.h"

namespace spyre::cli {

struct SamplingRequest {
  sample::SamplingParams params;
  std::optional<int64_t> max_tokens;  // none: as much as the model length allows
  int32_t beam_width = 0;             // 0: sampling
  float length_penalty = 1.0f;
};

// What a model's generation_config.json asks for where a request says nothing; an answer ends at
// its end tokens and at the tokenizer's.
SamplingRequest default_sampling(const checkpoint::GenerationConfig& config,
                                 const text::Tokenizer& tokenizer);

// Sets the field `name` from its JSON value; null leaves it alone. kInvalidArgument names the
// field, what was wanted and found; kNotFound: there is no such field.
Status set_field(std::string_view name, const Json& value, const text::Tokenizer& tokenizer,
                 SamplingRequest& request);

// Joins prompt and sampling into what the engine takes.
engine::Request to_engine_request(std::vector<int32_t> prompt, SamplingRequest sampling,
                                  int64_t max_model_len);

}  // namespace spyre::cli
