// What a chat request wants of tools and thoughts: the check of its fields, and how the text that
// answers it is to be taken apart.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "serve/openai/answer.h"
#include "serve/openai/service.h"

namespace spyre::serve::openai {

// bad_value for tools and tool_choice that do not go together, and for a choice that this server
// cannot honour.
ApiStatus check_tools(const Service& service, const RequestFields& fields);

// Holds the answer to calls where the choice forces them: the request gets the grammar of its
// tools. bad_value: tools whose parameters no grammar can hold to, structured outputs beside it.
ApiStatus force_calls(const Service& service, RequestFields& fields);

// How the answer to a conversation is read; prompt: its rendered text. Nothing where the text as it
// is is the answer.
std::optional<ChatOutput> chat_output(const Service& service, const RequestFields& fields,
                                      std::string_view prompt);

// Tokens of the marks that parsers wait for: they stay in the text although special tokens are
// skipped.
std::vector<int32_t> mark_tokens(const OutputTerms& terms, const text::Tokenizer& tokenizer);

}  // namespace spyre::serve::openai
