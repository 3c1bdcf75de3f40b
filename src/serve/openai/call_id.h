// The id of a tool call, by which the client's result finds its call again.
#pragma once

#include <string>

#include "serve/openai/parsers/tool_formats.h"

namespace spyre::serve::openai {

// A new one: chatcmpl-tool-<32 hex digits>, or nine letters and digits.
std::string make_call_id(CallIds style);

}  // namespace spyre::serve::openai
