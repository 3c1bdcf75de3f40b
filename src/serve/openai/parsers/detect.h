// Which parsers fit a model, seen from its chat template: what the template makes of a tool call or
// of thoughts in the history is how the model was taught to write them.
#pragma once

#include "serve/openai/parsers/reasoning.h"
#include "serve/openai/parsers/tool_formats.h"
#include "text/chat_template.h"

namespace spyre::serve::openai {

// Null: the template knows no tools, or a way of calling them that no parser here reads.
const ToolFormat* detect_tool_format(const text::ChatTemplate& chat_template);

// Null: the template shows no thoughts. Never a format that takes unmarked text for thoughts.
const ReasoningFormat* detect_reasoning_format(const text::ChatTemplate& chat_template);

}  // namespace spyre::serve::openai
