#include "serve/openai/parsers/detect.h"

#include <gtest/gtest.h>

#include <fstream>

namespace spyre::serve::openai {
namespace {

text::ChatTemplate reference_template(const char* name) {
  const std::filesystem::path folder =
      std::filesystem::path(SPYRE_SOURCE_DIR) / "tests/reference/chat" / name;
  std::ifstream file(folder / "chat_template.jinja");
  const std::string source(std::istreambuf_iterator<char>(file), {});
  return text::ChatTemplate::from_text(source, {{"bos_token", "<s>"}, {"eos_token", "</s>"}})
      .value();
}

std::string tool_format(const text::ChatTemplate& chat_template) {
  const ToolFormat* found = detect_tool_format(chat_template);
  return found == nullptr ? "none" : std::string(found->name);
}

std::string reasoning_format(const text::ChatTemplate& chat_template) {
  const ReasoningFormat* found = detect_reasoning_format(chat_template);
  return found == nullptr ? "none" : std::string(found->name);
}

TEST(Detect, TheFormatOfReferenceTemplates) {
  const std::tuple<const char*, const char*, const char*> kWanted[] = {
      {"qwen", "hermes", "qwen3"},    {"llama3", "llama3_json", "none"},
      {"mistral", "mistral", "none"}, {"granite", "granite", "none"},
      {"chatml", "none", "none"},     {"gemma", "none", "none"},
      {"llama2", "none", "none"},     {"phi3", "none", "none"},
  };
  for (const auto& [name, tools, reasoning] : kWanted) {
    const text::ChatTemplate chat_template = reference_template(name);
    EXPECT_EQ(tool_format(chat_template), tools) << name;
    EXPECT_EQ(reasoning_format(chat_template), reasoning) << name;
  }
}

text::ChatTemplate of(const char* source) {
  return text::ChatTemplate::from_text(source, Json::object()).value();
}

TEST(Detect, CallsThatAreNoJsonHaveNoParser) {
  EXPECT_EQ(tool_format(of("{% for m in messages %}{% for c in m.tool_calls or [] %}<tool_call>"
                           "<function={{ c.function.name }}></tool_call>{% endfor %}"
                           "{% endfor %}")),
            "none");
}

TEST(Detect, ThoughtsThatThePromptBeginsOrLeavesOut) {
  EXPECT_EQ(reasoning_format(of("{{ messages[-1].content }}<think>\n")), "qwen3");
  EXPECT_EQ(
      reasoning_format(of("{{ messages[-1].content }}{% if enable_thinking is defined and not "
                          "enable_thinking %}<think>\n\n</think>{% endif %}")),
      "qwen3");
  EXPECT_EQ(reasoning_format(of("{% for m in messages %}{{ m.content.split('</think>')[-1] }}"
                                "{% endfor %}")),
            "qwen3");
  EXPECT_EQ(reasoning_format(of("{% if thinking %}Write 'Here is my thought process:' first."
                                "{% endif %}{{ messages[-1].content }}")),
            "granite");
  EXPECT_EQ(reasoning_format(of("{% if thinking %}Write between <think></think> and "
                                "<response></response>.{% endif %}{{ messages[-1].content }}")),
            "granite");
  EXPECT_EQ(reasoning_format(of("{{ raise_exception('no') }}")), "none");
  EXPECT_EQ(tool_format(of("{{ raise_exception('no') }}")), "none");
}

}  // namespace
}  // namespace spyre::serve::openai
