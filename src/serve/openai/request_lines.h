// The log lines of --enable-log-requests and --enable-log-outputs, begun as vLLM begins them. What
// clients sent and models made is quoted and escaped: it cannot forge a line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/request.h"
#include "text/tokenizer.h"

namespace spyre::serve::openai {

// Received request cmpl-1: prompt tokens: 5, params: max_tokens=16, ...
std::string received_line(std::string_view id, const engine::Request& request);

// Request cmpl-1 details: prompt: "...", for the DEBUG level. longest: --max-log-len, characters.
std::string prompt_line(std::string_view id, const engine::Request& request,
                        const text::Tokenizer& tokenizer, std::optional<int64_t> longest);

// Generated response cmpl-1: output: "...", tokens: 16, finish_reason: length
std::string answered_line(std::string_view id, const engine::Completion& completion,
                          std::optional<int64_t> longest);

}  // namespace spyre::serve::openai
