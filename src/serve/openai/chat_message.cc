#include "serve/openai/chat_message.h"

#include "serve/openai/call_id.h"

namespace spyre::serve::openai {

namespace {

void write_reasoning(JsonWriter& writer, ReasoningField field, std::string_view text) {
  if (field != ReasoningField::kReasoningContent) writer.field("reasoning", text);
  if (field != ReasoningField::kReasoning) writer.field("reasoning_content", text);
}

void write_no_reasoning(JsonWriter& writer, ReasoningField field) {
  if (field != ReasoningField::kReasoningContent) writer.null_field("reasoning");
  if (field != ReasoningField::kReasoning) writer.null_field("reasoning_content");
}

void write_calls(JsonWriter& writer, const std::vector<ToolCall>& calls) {
  writer.key("tool_calls");
  writer.open_array();
  for (const ToolCall& call : calls) {
    writer.open_object();
    writer.field("id", call.id);
    writer.field("type", "function");
    writer.key("function");
    writer.open_object();
    writer.field("name", call.name);
    writer.field("arguments", call.arguments);
    writer.close_object();
    writer.close_object();
  }
  writer.close_array();
}

// Only a call's first delta has its id, type and name.
void write_call_delta(JsonWriter& writer, const ChatOutput& output, const OutputEvent& event) {
  const bool begins = event.kind == OutputEvent::Kind::kCall;
  writer.key("tool_calls");
  writer.open_array();
  writer.open_object();
  writer.field("index", event.call);
  if (begins) {
    writer.field("id", make_call_id(output.call_ids));
    writer.field("type", "function");
  }
  writer.key("function");
  writer.open_object();
  if (begins) writer.field("name", event.text);
  writer.field("arguments", begins ? std::string_view() : std::string_view(event.text));
  writer.close_object();
  writer.close_object();
  writer.close_array();
}

void add(ChatMessage& message, const ChatOutput& output, const OutputEvent& event) {
  switch (event.kind) {
    case OutputEvent::Kind::kContent:
      message.content += event.text;
      return;
    case OutputEvent::Kind::kReasoning:
      message.reasoning += event.text;
      return;
    case OutputEvent::Kind::kCall:
      message.calls.push_back({make_call_id(output.call_ids), event.text, ""});
      return;
    case OutputEvent::Kind::kArguments:
      message.calls.back().arguments += event.text;
      return;
  }
}

}  // namespace

std::vector<OutputEvent> push_text(OutputParser& parser, const ChatOutput& output,
                                   std::string_view text, bool finished) {
  std::vector<OutputEvent> events = parser.push(text);
  if (finished) {
    for (OutputEvent& event : parser.finish()) events.push_back(std::move(event));
  }
  if (!output.include_reasoning) {
    std::erase_if(events, [](const OutputEvent& event) {
      return event.kind == OutputEvent::Kind::kReasoning;
    });
  }
  return events;
}

ChatMessage read_message(const std::optional<ChatOutput>& output, std::string_view text) {
  ChatMessage message;
  if (!output) {
    message.content = text;
    return message;
  }
  OutputParser parser(output->terms);
  for (const OutputEvent& event : push_text(parser, *output, text, true)) {
    add(message, *output, event);
  }
  return message;
}

void write_message(JsonWriter& writer, const AnswerPlan& plan, const ChatMessage& message) {
  const auto field = plan.output ? plan.output->reasoning_field : ReasoningField::kBoth;
  const std::string content = plan.echo_text + message.content;
  const bool elsewhere = !message.calls.empty() || !message.reasoning.empty();
  writer.open_object();
  writer.field("role", plan.role);
  if (content.empty() && elsewhere) {
    writer.null_field("content");
  } else {
    writer.field("content", content);
  }
  for (const char* absent : {"refusal", "annotations", "audio", "function_call"}) {
    writer.null_field(absent);
  }
  if (!message.calls.empty()) write_calls(writer, message.calls);
  if (message.reasoning.empty()) {
    write_no_reasoning(writer, field);
  } else {
    write_reasoning(writer, field, message.reasoning);
  }
  writer.close_object();
}

void write_delta(JsonWriter& writer, const ChatOutput& output, const OutputEvent& event) {
  writer.open_object();
  switch (event.kind) {
    case OutputEvent::Kind::kContent:
      writer.field("content", event.text);
      break;
    case OutputEvent::Kind::kReasoning:
      write_reasoning(writer, output.reasoning_field, event.text);
      break;
    case OutputEvent::Kind::kCall:
    case OutputEvent::Kind::kArguments:
      write_call_delta(writer, output, event);
      break;
  }
  writer.close_object();
}

}  // namespace spyre::serve::openai
