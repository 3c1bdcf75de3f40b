// How families of models write tool calls, under vLLM's names (--tool-call-parser). All write JSON;
// they differ in what stands around it.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace spyre::serve::openai {

enum class CallIds {
  kLong,  // chatcmpl-tool-<32 hex digits>
  kNine,  // nine letters and digits, which templates of Mistral insist on
};

struct ToolFormat {
  std::string_view name;
  std::array<std::string_view, 2> openers = {};      // marks before calls; empty: none
  std::string_view closer = {};                      // mark behind calls; empty: none
  std::array<std::string_view, 2> inner_marks = {};  // between a call's name and its arguments
  bool bare = false;   // an answer may also begin with a call, without a mark before it
  bool named = false;  // the function's name may stand before its arguments: f[ARGS]{...}
  CallIds ids = CallIds::kLong;
};

// The formats that users name.
std::span<const ToolFormat> tool_formats();
// Null for a name that is none.
const ToolFormat* find_tool_format(std::string_view name);

// What a grammar for calls that have to be made writes: a list of calls and nothing else.
const ToolFormat& forced_calls_format();

}  // namespace spyre::serve::openai
