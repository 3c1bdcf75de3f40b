// From what a client sent (text, token ids, messages) to the token ids of prompts. Knows nothing of
// how answers are made or worded.
#pragma once

#include <string>
#include <vector>

#include "serve/openai/service.h"

namespace spyre::serve::openai {

struct Prompt {
  std::vector<int32_t> ids;
  std::string text;  // as the client sent it, or rendered; of ids: decoded only where it is echoed
};

// The prompts of a completion, in order; `prompt` has the type of its field. Errors: bad_value.
ApiResult<std::vector<Prompt>> completion_prompts(const Service& service,
                                                  const RequestFields& fields, const Json& prompt);

// The prompt of a conversation; `messages` has the type of its field. Errors: bad_value, also for
// what the template says of the messages.
ApiResult<Prompt> chat_prompt(const Service& service, const RequestFields& fields,
                              const Json& messages);

// Messages as templates expect them: content as text (or as parts), arguments of tool calls as
// objects, reasoning under both of its names. Errors: bad_value for parts that are not text.
ApiResult<Json> template_messages(const Json& messages, ContentFormat format);

// Whether a template needs content as a list of parts: it loses content that is plain text.
ContentFormat content_format_of(const text::ChatTemplate& chat_template);

// The text that begins the answer of a conversation with echo: that of the last message, when its
// role is `role`.
std::string echoed_text(const Json& messages, std::string_view role);

// bad_value for a text that is far longer than the model's context: its tokens would take memory
// and a second or more, only to be refused.
ApiStatus check_text_bytes(int64_t context_tokens, size_t bytes, std::string_view field);

// The token ids of a text, which passes check_text_bytes().
ApiResult<std::vector<int32_t>> encode(const Service& service, std::string_view text,
                                       bool add_special_tokens, std::string_view field);

// The prompt cut to fields.truncate_prompt_tokens, where that is set.
void truncate(std::vector<int32_t>& ids, const RequestFields& fields, int64_t max_model_len);

// bad_value when the prompt is empty, or leaves no room for an answer.
ApiStatus check_length(const std::vector<int32_t>& ids, int64_t max_model_len,
                       std::string_view field);

}  // namespace spyre::serve::openai
