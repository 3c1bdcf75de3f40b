// Answers as models of each family write them.
#include "serve/openai/parsers/tool_calls.h"

#include "serve/openai/parsers/parsed.h"

namespace spyre::serve::openai {
namespace {

using testing::Parsed;
using testing::parsed;
using testing::tool_terms;

struct Sample {
  const char* format;
  std::string text;
  Parsed wanted;
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> kSamples = {
      // hermes
      {"hermes",
       "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": "
       "\"Paris\"}}\n</tool_call>",
       {"", "", {{"get_weather", R"({"city": "Paris"})"}}}},
      {"hermes",
       "Let me look.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": "
       "\"Köln\"}}\n"
       "</tool_call>\n<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": [2, {}]}}\n"
       "</tool_call>",
       {"",
        "Let me look.\n",
        {{"get_weather", R"({"city": "Köln"})"}, {"add", R"({"a": 1, "b": [2, {}]})"}}}},
      {"hermes",
       "\n\n<tool_call>{\"arguments\": {\"a\": 1}, \"name\": \"add\"}</tool_call>\nDone.",
       {"", "\nDone.", {{"add", R"({"a": 1})"}}}},
      {"hermes", "<tool_call>{\"name\": \"now\"}</tool_call>", {"", "", {{"now", "{}"}}}},
      {"hermes",
       "<tool_call>{\"name\": \"now\", \"arguments\": null}</tool_call>",
       {"", "", {{"now", "{}"}}}},
      {"hermes",
       "<tool_call>{\"name\": \"add\", \"arguments\": \"{\\\"a\\\": 1}\"}</tool_call>",
       {"", "", {{"add", R"({"a": 1})"}}}},
      {"hermes",
       "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": \"</tool_call> \\\" "
       "}\"}}\n</tool_call>",
       {"", "", {{"add", R"({"a": "</tool_call> \" }"})"}}}},
      {"hermes",
       "<tool_call>[{\"name\": \"add\", \"arguments\": {}}, {\"name\": \"now\", \"arguments\": {}}]"
       "</tool_call>",
       {"", "", {{"add", "{}"}, {"now", "{}"}}}},
      {"hermes",
       "<tool_call>{\"name\": \"add\", \"arguments\": {}}\n{\"name\": \"now\", \"arguments\": {}}"
       "</tool_call>",
       {"", "", {{"add", "{}"}, {"now", "{}"}}}},
      {"hermes",
       "<tool_call>{\"name\": \"unknown_tool\", \"id\": 7, \"arguments\": {}, \"x\": [true]}",
       {"", "", {{"unknown_tool", "{}"}}}},
      // granite
      {"granite",
       "<|tool_call|>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\"}}, "
       "{\"name\": \"now\", \"arguments\": {}}]",
       {"", "", {{"get_weather", R"({"city": "Rome"})"}, {"now", "{}"}}}},
      {"granite",
       "<tool_call> [{\"arguments\": {\"a\": 1}, \"name\": \"add\"}]",
       {"", "", {{"add", R"({"a": 1})"}}}},
      {"granite", "[{\"name\": \"add\", \"arguments\": {}}]", {"", "", {{"add", "{}"}}}},
      {"granite4",
       "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1}}\n</tool_call>",
       {"", "", {{"add", R"({"a": 1})"}}}},
      // llama3_json
      {"llama3_json",
       R"({"name": "get_weather", "parameters": {"city": "Oslo"}})",
       {"", "", {{"get_weather", R"({"city": "Oslo"})"}}}},
      {"llama3_json",
       R"(<|python_tag|>{"type": "function", "name": "add", "parameters": {"a": "1"}})",
       {"", "", {{"add", R"({"a": "1"})"}}}},
      {"llama3_json",
       R"({"name": "add", "parameters": {}}; {"name": "now", "parameters": {}})",
       {"", "", {{"add", "{}"}, {"now", "{}"}}}},
      // mistral
      {"mistral",
       R"([TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Bern"}}, {"name": "now", "arguments": {}}])",
       {"", "", {{"get_weather", R"({"city": "Bern"})"}, {"now", "{}"}}}},
      {"mistral",
       R"(I will.[TOOL_CALLS]get_weather[ARGS]{"city": "Bern"}[TOOL_CALLS]now[CALL_ID]123456789[ARGS]{})",
       {"", "I will.", {{"get_weather", R"({"city": "Bern"})"}, {"now", "{}"}}}},
      {"mistral", R"([TOOL_CALLS]add{"a": 1})", {"", "", {{"add", R"({"a": 1})"}}}},
  };
  return kSamples;
}

// Text that is no call, or not quite one.
const std::vector<Sample>& odd_samples() {
  static const std::vector<Sample> kSamples = {
      {"hermes",
       "Just words, 1 < 2, <tool and </tool_call>.",
       {"", "Just words, 1 < 2, <tool and </tool_call>.", {}}},
      {"hermes", "  \n", {"", "  \n", {}}},
      {"hermes",
       "<tool_call>\n{\"foo\": 1}\n</tool_call>",
       {"", "<tool_call>\n{\"foo\": 1}\n</tool_call>", {}}},
      {"hermes",
       "<tool_call>\n<function=add>\n</tool_call>",
       {"", "<tool_call>\n<function=add>\n</tool_call>", {}}},
      {"hermes",
       "<tool_call>\n<tool_call>{\"name\": \"now\"}</tool_call>",
       {"", "<tool_call>\n", {{"now", "{}"}}}},
      {"hermes",
       "<tool_call>{\"name\": 5, \"arguments\": {}}",
       {"", "<tool_call>{\"name\": 5, \"arguments\": {}}", {}}},
      {"hermes", "<tool_call>{\"name\": \"\"}", {"", "<tool_call>{\"name\": \"\"}", {}}},
      {"hermes", "<tool_call>{'name': 'add'}", {"", "<tool_call>{'name': 'add'}", {}}},
      {"hermes", "<tool_call>[]</tool_call>", {"", "<tool_call>[]</tool_call>", {}}},
      // Cut by max_tokens: before its arguments a call is text, in them it is a call.
      {"hermes",
       "<tool_call>\n{\"name\": \"add\", \"argu",
       {"", "<tool_call>\n{\"name\": \"add\", \"argu", {}}},
      {"hermes",
       "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1",
       {"", "", {{"add", "{\"a\": 1"}}}},
      {"hermes", "so <tool_ca", {"", "so <tool_ca", {}}},
      // Arguments that are no JSON reach the client as they are; what follows is read again.
      {"hermes",
       "<tool_call>{\"name\": \"add\", \"arguments\": {'a': 1}}\n</tool_call><tool_call>{\"name\": "
       "\"now\"}</tool_call>",
       {"", "", {{"add", "{'a': 1}}\n"}, {"now", "{}"}}}},
      {"hermes",
       "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1</tool_call> so",
       {"", " so", {{"add", "{\"a\": 1"}}}},
      {"hermes",
       "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": [1}}</tool_call>",
       {"", "", {{"add", "{\"a\": [1}}"}}}},
      {"hermes",
       "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1}</tool_call>",
       {"", "", {{"add", "{\"a\": 1}"}}}},
      {"hermes",
       "<tool_call>{\"name\": \"add\", \"arguments\": {}}} and</tool_call> so",
       {"", "} and so", {{"add", "{}"}}}},
      // Marks without a call behind them; JSON that is an answer.
      {"llama3_json",
       R"({"name": "Ada", "parameters": {"born": 1815}})",
       {"", R"({"name": "Ada", "parameters": {"born": 1815}})", {}}},
      {"llama3_json", R"({"answer": {"name": "add"}})", {"", R"({"answer": {"name": "add"}})", {}}},
      {"llama3_json",
       R"(Use {"name": "add", "parameters": {}})",
       {"", R"(Use {"name": "add", "parameters": {}})", {}}},
      {"llama3_json", "[1, 2]", {"", "[1, 2]", {}}},
      {"llama3_json",
       R"({"name": "add", "parameters": {}} is it)",
       {"", " is it", {{"add", "{}"}}}},
      {"granite",
       R"([{"name": "Ada", "arguments": {}}])",
       {"", R"([{"name": "Ada", "arguments": {}}])", {}}},
      {"mistral", "[TOOL_CALLS] none today", {"", "[TOOL_CALLS] none today", {}}},
      {"mistral", "[TOOL_CALLS]a b{}", {"", "[TOOL_CALLS]a b{}", {}}},
      {"mistral", "[TOOL_CALLS]add", {"", "[TOOL_CALLS]add", {}}},
      {"mistral", R"([TOOL_CALLS]add[ARGS]{"a": 1)", {"", "", {{"add", R"({"a": 1)"}}}},
      {"mistral", "[TOOL_CALLS]add[ARGS]{x: 'y'}", {"", "", {{"add", "{x: 'y'}"}}}},
      {"mistral",
       R"([TOOL_CALLS][{"name": "add", "arguments": {}} so)",
       {"", " so", {{"add", "{}"}}}},
  };
  return kSamples;
}

TEST(ToolCalls, AreReadAsEachFamilyWritesThem) {
  for (const Sample& sample : samples()) {
    EXPECT_EQ(parsed(tool_terms(sample.format), sample.text), sample.wanted)
        << sample.format << ": " << sample.text;
  }
}

TEST(ToolCalls, WhatIsNoneIsContent) {
  for (const Sample& sample : odd_samples()) {
    EXPECT_EQ(parsed(tool_terms(sample.format), sample.text), sample.wanted)
        << sample.format << ": " << sample.text;
  }
}

TEST(ToolCalls, CutsMakeNoDifference) {
  for (const auto* all : {&samples(), &odd_samples()}) {
    for (const Sample& sample : *all) {
      testing::expect_cuts_make_no_difference(tool_terms(sample.format), sample.text);
    }
  }
}

// Every format reads every sample, also those of others: nothing is lost, no cut matters.
TEST(ToolCalls, WithoutACallTheContentIsTheText) {
  for (const ToolFormat& format : tool_formats()) {
    for (const auto* all : {&samples(), &odd_samples()}) {
      for (const Sample& sample : *all) {
        const OutputTerms terms = tool_terms(format.name);
        const Parsed found = parsed(terms, sample.text);
        if (found.calls.empty()) {
          EXPECT_EQ(found.content, sample.text) << format.name;
        }
        testing::expect_cuts_make_no_difference(terms, sample.text);
      }
    }
  }
}

TEST(ToolCalls, ArgumentsComeAsTheyAreWritten) {
  OutputParser parser(tool_terms("hermes"));
  EXPECT_TRUE(parser.push("<tool_call>{\"name\": \"add\", \"arguments\": ").empty());
  using Kind = OutputEvent::Kind;
  EXPECT_EQ(parser.push("{\"a\""),
            (std::vector<OutputEvent>{{Kind::kCall, "add", 0}, {Kind::kArguments, "{\"a\"", 0}}));
  EXPECT_EQ(parser.push(": 1}"), (std::vector<OutputEvent>{{Kind::kArguments, ": 1}", 0}}));
  EXPECT_TRUE(parser.push("}</tool_call>").empty());
  EXPECT_TRUE(parser.finish().empty());
}

TEST(ToolCalls, AMarkThatIsNoTextForClientsIsDropped) {
  OutputTerms terms = tool_terms("llama3_json");
  terms.tools->hidden_marks = {"<|python_tag|>"};
  EXPECT_EQ(parsed(terms, "<|python_tag|>print(1)").content, "print(1)");
  EXPECT_EQ(parsed(terms, "<|python_tag|>{\"a\": 1}").content, "{\"a\": 1}");
}

TEST(ToolCalls, OnlyTheFirstWithoutParallelCalls) {
  OutputTerms terms = tool_terms("llama3_json");
  terms.parallel_calls = false;
  const Parsed found = parsed(terms, R"({"name": "add", "parameters": {}}; {"name": "now"})");
  EXPECT_EQ(found, (Parsed{"", "", {{"add", "{}"}}}));
}

TEST(ToolCalls, ManyMarksWithoutCallsTakeNoTime) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "<tool_call>{\"a";
  EXPECT_EQ(parsed(tool_terms("hermes"), text).content, text);
}

TEST(ForcedCalls, AListOrTheArgumentsAlone) {
  OutputTerms list;
  list.tools = ToolTerms{.format = &forced_calls_format(), .names = {"add"}};
  const std::string calls = R"([{"name": "add", "parameters": {"a": 1}}])";
  EXPECT_EQ(parsed(list, calls), (Parsed{"", "", {{"add", R"({"a": 1})"}}}));
  testing::expect_cuts_make_no_difference(list, calls);

  OutputTerms named = testing::reasoning_terms("qwen3");
  named.forced_call = "add";
  EXPECT_EQ(parsed(named, "<think>so</think>{\"a\": 1}"),
            (Parsed{"so", "", {{"add", "{\"a\": 1}"}}}));
  testing::expect_cuts_make_no_difference(named, "<think>so</think>{\"a\": 1}");
}

}  // namespace
}  // namespace spyre::serve::openai
