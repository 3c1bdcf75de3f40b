// From what a user writes (text, messages, token ids) to the token ids of a prompt.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace spyre::cli {

// Text as it stands, with the special tokens that the tokenizer puts around a text.
Result<std::vector<int32_t>> text_prompt(const text::Tokenizer& tokenizer, std::string_view text);

// messages: [{"role", "content"}, ...], rendered by the model's chat template with the answer's
// opening; tools: a list or null. kInvalidArgument: no template, a message that it refuses.
Result<std::vector<int32_t>> chat_prompt(const text::Tokenizer& tokenizer,
                                         const std::optional<text::ChatTemplate>& chat_template,
                                         const Json& messages, const Json& tools);

// A JSON list of token ids; `field` is for messages.
Result<std::vector<int32_t>> token_id_list(const Json& list, std::string_view field);

// The prompt of a line of --input: exactly one of "prompt" (a string or token ids),
// "prompt_token_ids" and "messages" (with "tools").
Result<std::vector<int32_t>> request_prompt(const text::Tokenizer& tokenizer,
                                            const std::optional<text::ChatTemplate>& chat_template,
                                            const Json& request);

}  // namespace spyre::cli
