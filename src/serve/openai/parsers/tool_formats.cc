#include "serve/openai/parsers/tool_formats.h"

#include <algorithm>

namespace spyre::serve::openai {

namespace {

// clang-format off
constexpr ToolFormat kFormats[] = {
    // Qwen 2.5, Qwen 3, SmolLM, Hermes: <tool_call>{...}</tool_call>, again for each call.
    {.name = "hermes", .openers = {"<tool_call>"}, .closer = "</tool_call>"},
    // Granite 3: a list behind a token, or behind its text.
    {.name = "granite", .openers = {"<|tool_call|>", "<tool_call>"}, .closer = "</tool_call>", .bare = true},
    // Granite 4 writes as hermes.
    {.name = "granite4", .openers = {"<tool_call>"}, .closer = "</tool_call>"},
    // Llama 3 and 4: the answer is a call, or several between semicolons.
    {.name = "llama3_json", .openers = {"<|python_tag|>"}, .bare = true},
    {.name = "llama4_json", .openers = {"<|python_tag|>"}, .bare = true},
    // Mistral: [TOOL_CALLS][{...}, {...}], later [TOOL_CALLS]f[ARGS]{...} for each call.
    {.name = "mistral", .openers = {"[TOOL_CALLS]"}, .inner_marks = {"[CALL_ID]", "[ARGS]"}, .named = true, .ids = CallIds::kNine},
};
// clang-format on

constexpr ToolFormat kForced = {.name = "forced", .bare = true};

}  // namespace

std::span<const ToolFormat> tool_formats() { return kFormats; }

const ToolFormat* find_tool_format(std::string_view name) {
  const auto* found = std::ranges::find(kFormats, name, &ToolFormat::name);
  return found == std::end(kFormats) ? nullptr : found;
}

const ToolFormat& forced_calls_format() { return kForced; }

}  // namespace spyre::serve::openai
