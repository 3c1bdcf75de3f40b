#include "serve/openai/parsers/reasoning.h"

#include "serve/openai/parsers/parsed.h"

namespace spyre::serve::openai {
namespace {

using testing::Parsed;
using testing::parsed;
using testing::reasoning_terms;

struct Sample {
  const char* format;
  Thinking thinking;
  std::string text;
  Parsed wanted;
};

const std::vector<Sample>& samples() {
  constexpr auto kUnknown = Thinking::kUnknown;
  constexpr auto kBegun = Thinking::kBegun;
  constexpr auto kOver = Thinking::kOver;
  static const std::vector<Sample> kSamples = {
      {"qwen3", kUnknown, "<think>\nHm.\n</think>\n\nYes.", {"\nHm.\n", "\n\nYes.", {}}},
      {"qwen3", kUnknown, "\n <think>Hm.</think>Yes.", {"Hm.", "Yes.", {}}},
      {"qwen3", kUnknown, "<think></think>Yes.", {"", "Yes.", {}}},
      {"qwen3", kUnknown, "Yes, <think> is a mark.", {"", "Yes, <think> is a mark.", {}}},
      {"qwen3", kUnknown, "Hm.</think>Yes.", {"", "Hm.</think>Yes.", {}}},
      {"qwen3", kUnknown, "<think>cut off </thi", {"cut off </thi", "", {}}},
      {"qwen3", kUnknown, "<thi", {"", "<thi", {}}},
      {"qwen3", kUnknown, " \n", {"", " \n", {}}},
      {"qwen3", kUnknown, "<think>a</think>b</think>c<think>", {"a", "b</think>c<think>", {}}},
      {"qwen3", kBegun, "\nHm.\n</think>\n\nYes.", {"\nHm.\n", "\n\nYes.", {}}},
      {"qwen3", kBegun, "<think>Hm.</think>Yes.", {"Hm.", "Yes.", {}}},
      {"qwen3", kBegun, "</think>Yes.", {"", "Yes.", {}}},
      {"qwen3", kBegun, "Hm.", {"Hm.", "", {}}},
      {"qwen3", kOver, "<think>Yes.", {"", "<think>Yes.", {}}},
      {"deepseek_r1", kUnknown, "Hm.</think>Yes.", {"Hm.", "Yes.", {}}},
      {"deepseek_r1", kUnknown, "<think>\nHm.\n</think>Yes.", {"\nHm.\n", "Yes.", {}}},
      {"deepseek_r1", kUnknown, "Hm.", {"Hm.", "", {}}},
      {"deepseek_r1", kOver, "Yes.", {"", "Yes.", {}}},
      {"granite",
       kUnknown,
       "Here is my thought process: Hm. Here is my response: Yes.",
       {" Hm. ", " Yes.", {}}},
      {"granite",
       kUnknown,
       "Here's my thought process:\nHere it is.\n\nHere's my response:\nYes.",
       {"\nHere it is.\n\n", "\nYes.", {}}},
      {"granite", kUnknown, "Here is my answer: Yes.", {"", "Here is my answer: Yes.", {}}},
      {"granite", kUnknown, "<think>Hm.</think>\n<response>Yes.</response>", {"Hm.", "\nYes.", {}}},
      {"granite", kUnknown, "<think>Hm.</think>Yes.</respons", {"Hm.", "Yes.</respons", {}}},
      {"granite", kUnknown, "<response>Yes.</response>", {"", "<response>Yes.</response>", {}}},
  };
  return kSamples;
}

TEST(Reasoning, IsWhatStandsBetweenTheMarks) {
  for (const Sample& sample : samples()) {
    EXPECT_EQ(parsed(reasoning_terms(sample.format, sample.thinking), sample.text), sample.wanted)
        << sample.format << ": " << sample.text;
  }
}

TEST(Reasoning, CutsMakeNoDifference) {
  for (const Sample& sample : samples()) {
    for (const Thinking thinking : {Thinking::kUnknown, Thinking::kBegun, Thinking::kOver}) {
      testing::expect_cuts_make_no_difference(reasoning_terms(sample.format, thinking),
                                              sample.text);
    }
  }
}

TEST(Reasoning, CallsComeBehindIt) {
  OutputTerms terms = testing::tool_terms("hermes");
  terms.reasoning = find_reasoning_format("qwen3");
  const std::string text =
      "<think>\nA <tool_call> is due.\n</think>\n\n<tool_call>\n{\"name\": \"now\", \"arguments\": "
      "{}}\n</tool_call>";
  EXPECT_EQ(parsed(terms, text), (Parsed{"\nA <tool_call> is due.\n", "", {{"now", "{}"}}}));
  testing::expect_cuts_make_no_difference(terms, text);
}

TEST(Reasoning, ThePromptSaysWhetherItHasBegun) {
  const ReasoningFormat& qwen = *find_reasoning_format("qwen3");
  EXPECT_EQ(thinking_after("<|im_start|>assistant\n", qwen), Thinking::kUnknown);
  EXPECT_EQ(thinking_after("<|im_start|>assistant\n<think>\n", qwen), Thinking::kBegun);
  EXPECT_EQ(thinking_after("assistant\n<think>\n\n</think>\n\n", qwen), Thinking::kOver);
  EXPECT_EQ(thinking_after("what is <think>?", qwen), Thinking::kUnknown);
  EXPECT_EQ(thinking_after("", qwen), Thinking::kUnknown);
}

}  // namespace
}  // namespace spyre::serve::openai
