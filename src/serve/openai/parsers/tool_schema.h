// The JSON schema of an answer that has to call tools: what constrained decoding holds a model to
// when tool_choice is "required" or names a function. Pure; knows no decoder.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"

namespace spyre::serve::openai {

// Null where the choice ("none", "auto", or nothing) leaves the model free.
// A named function: the schema of its arguments, which are the whole answer (OutputTerms::
// forced_call reads it). required: a list of {"name", "parameters"}, at least one, exactly one
// without `parallel` (forced_calls_format() reads it).
// tools, choice: as requests have them, their types checked; a named function is among the tools.
Json forced_calls_schema(const Json& tools, const Json& choice, bool parallel);

// The name in a tool_choice that is an object, none of others.
std::optional<std::string> named_function(const Json& choice);

}  // namespace spyre::serve::openai
