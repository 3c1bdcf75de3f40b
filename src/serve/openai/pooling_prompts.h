// From the texts, token ids and messages of a request to what a pooling model reads. Inputs that
// are longer than the model takes are refused, never cut, unless the request says so.
#pragma once

#include <string>
#include <vector>

#include "serve/openai/service.h"

namespace spyre::serve::openai {

struct PoolingPrompt {
  std::vector<int32_t> ids = {};
  std::vector<int32_t> token_types = {};  // of each id; empty: all 0
};

// How texts become tokens, for a server and for a command alike.
struct InputRules {
  const text::Tokenizer& tokenizer;
  int64_t most_tokens = 0;           // of one input
  text::Truncation truncation = {};  // longer inputs are cut, where it says so; else refused
  bool add_special_tokens = true;    // of single texts
};

// Tokens of the longest input: of the model and of --max-model-len.
int64_t longest_input(const PoolingModel& model, int64_t max_model_len);

// There is a pooling model.
InputRules input_rules(const Service& service, const RequestFields& fields);

// A text, which came in `field`; index: its place there, for the words of errors.
ApiResult<PoolingPrompt> text_prompt(const InputRules& rules, std::string_view text,
                                     std::string_view field, size_t index);

// Two texts as one input, as cross-encoders read them.
ApiResult<PoolingPrompt> pair_prompt(const InputRules& rules, std::string_view first,
                                     std::string_view second, std::string_view field, size_t index);

// The model's prompt of that name; empty for none. bad_value: the model has none of that name.
ApiResult<std::string> named_prompt(const PoolingModel& model,
                                    const std::optional<std::string>& name);

// Checks of the fields that say how inputs become tokens: truncate_prompt_tokens, prompt_name,
// priority. There is a pooling model.
ApiStatus check_inputs(const Service& service, const RequestFields& fields);

// One request holds 1 to 16384 inputs.
ApiStatus check_input_count(size_t count, std::string_view field);

// The inputs of a request, in order; `input` has the type of its field. Errors: bad_value.
ApiResult<std::vector<PoolingPrompt>> input_prompts(const Service& service,
                                                    const RequestFields& fields, const Json& input);

// A conversation as one input.
ApiResult<PoolingPrompt> conversation_prompt(const Service& service, RequestFields fields,
                                             const Json& messages);

}  // namespace spyre::serve::openai
