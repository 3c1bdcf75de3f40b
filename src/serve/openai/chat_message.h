// What a choice of a chat says, worded: content, thoughts and tool calls, as the message of a whole
// answer and as the deltas of a stream.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/openai/answer.h"
#include "serve/openai/json_writer.h"

namespace spyre::serve::openai {

struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;
};

struct ChatMessage {
  std::string content;
  std::string reasoning;
  std::vector<ToolCall> calls;
};

// The text of a whole choice, taken apart by `output` where there is one.
ChatMessage read_message(const std::optional<ChatOutput>& output, std::string_view text);

// {"role", "content", ..., "reasoning", "reasoning_content"}. Content is null beside other parts
// when there is none.
void write_message(JsonWriter& writer, const AnswerPlan& plan, const ChatMessage& message);

// {"content"}, {"reasoning", ...} or {"tool_calls": [{...}]}.
void write_delta(JsonWriter& writer, const ChatOutput& output, const OutputEvent& event);

// The parts of a choice that clients see, in the order in which they come.
std::vector<OutputEvent> push_text(OutputParser& parser, const ChatOutput& output,
                                   std::string_view text, bool finished);

}  // namespace spyre::serve::openai
