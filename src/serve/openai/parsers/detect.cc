#include "serve/openai/parsers/detect.h"

namespace spyre::serve::openai {

namespace {

constexpr std::string_view kFunction = "spyre_probe";
constexpr std::string_view kThought = "spyre_thought";

const Json kQuestion = {{"role", "user"}, {"content", "question"}};

// A template may refuse a conversation; then it shows nothing.
std::string rendered(const text::ChatTemplate& chat_template, const text::ChatRequest& request) {
  return chat_template.render(request).value_or(std::string());
}

Json probe_tools() {
  const Json function = {{"name", kFunction},
                         {"description", "probe"},
                         {"parameters", {{"type", "object"}, {"properties", Json::object()}}}};
  const Json tool = {{"type", "function"}, {"function", function}};
  return Json::array({tool});
}

// How the template writes a call that was made, and what it says of calls to come.
std::string calls_shown(const text::ChatTemplate& chat_template) {
  const Json call = {{"id", "spyre0001"},  // nine letters and digits, or Mistral's refuse it
                     {"type", "function"},
                     {"function", {{"name", kFunction}, {"arguments", {{"a", 1}}}}}};
  const Json called = {{"role", "assistant"}, {"content", ""}, {"tool_calls", Json::array({call})}};
  const Json result = {
      {"role", "tool"}, {"name", kFunction}, {"content", "1"}, {"tool_call_id", "spyre0001"}};
  return rendered(chat_template,
                  {.messages = Json::array({kQuestion, called, result}), .tools = probe_tools()}) +
         rendered(chat_template, {.messages = Json::array({kQuestion}), .tools = probe_tools()});
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string beginning(const text::ChatTemplate& chat_template, const Json& kwargs) {
  return rendered(chat_template, {.messages = Json::array({kQuestion}), .kwargs = kwargs});
}

// Templates of models that think leave old thoughts out.
bool forgets_thoughts(const text::ChatTemplate& chat_template, const ReasoningFormat& format) {
  const std::string text =
      fmt::format("{}{}{}answer", format.openers[0], kThought, format.closers[0]);
  const Json answer = {{"role", "assistant"}, {"content", text}};
  const std::string shown =
      rendered(chat_template, {.messages = Json::array({kQuestion, answer, kQuestion})});
  return contains(shown, "answer") && !contains(shown, kThought);
}

}  // namespace

const ToolFormat* detect_tool_format(const text::ChatTemplate& chat_template) {
  const std::string text = calls_shown(chat_template);
  if (!contains(text, kFunction)) return nullptr;
  if (contains(text, "[TOOL_CALLS]")) return find_tool_format("mistral");
  if (contains(text, "<|tool_call|>")) return find_tool_format("granite");
  // Qwen 3 Coder and others put no JSON between the same marks.
  const bool json = contains(text, R"("arguments")");
  if (contains(text, "<tool_call>")) return json ? find_tool_format("hermes") : nullptr;
  const std::string call = fmt::format(R"({{"name": "{}", "parameters": )", kFunction);
  return contains(text, call) ? find_tool_format("llama3_json") : nullptr;
}

const ReasoningFormat* detect_reasoning_format(const text::ChatTemplate& chat_template) {
  const ReasoningFormat* qwen = find_reasoning_format("qwen3");
  const ReasoningFormat* granite = find_reasoning_format("granite");
  const std::string told = beginning(chat_template, {{"thinking", true}});
  if (contains(told, granite->openers[0]) || contains(told, granite->answer_marks[0])) {
    return granite;
  }
  const auto thinking = [&](const Json& kwargs) {
    return thinking_after(beginning(chat_template, kwargs), *qwen);
  };
  const bool marks = thinking(Json::object()) == Thinking::kBegun ||
                     thinking({{"enable_thinking", false}}) == Thinking::kOver;
  return marks || forgets_thoughts(chat_template, *qwen) ? qwen : nullptr;
}

}  // namespace spyre::serve::openai
