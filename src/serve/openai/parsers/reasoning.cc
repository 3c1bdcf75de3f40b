#include "serve/openai/parsers/reasoning.h"

#include <algorithm>

#include "serve/openai/parsers/json_extent.h"

namespace spyre::serve::openai {

namespace {

constexpr ReasoningFormat kFormats[] = {
    // Qwen 3 marks its thoughts, unless the prompt did so.
    {.name = "qwen3", .openers = {"<think>"}, .closers = {"</think>"}},
    // DeepSeek R1 and its relatives think always, and may begin without a mark.
    {.name = "deepseek_r1",
     .openers = {"<think>"},
     .closers = {"</think>"},
     .opening_may_lack = true},
    // Granite 3.2 says so in words, 3.3 with marks, of which the answer has its own.
    {.name = "granite",
     .openers = {"Here is my thought process:", "Here's my thought process:", "<think>"},
     .closers = {"Here is my response:", "Here's my response:", "</think>"},
     .answer_marks = {"<response>", "</response>"}},
};

MarkFinder finder(std::span<const std::string_view> texts) {
  std::vector<std::string> marks;
  for (const std::string_view text : texts) {
    if (!text.empty()) marks.emplace_back(text);
  }
  return MarkFinder(std::move(marks));
}

bool ends_with_any(std::string_view text, std::span<const std::string_view> marks) {
  return std::ranges::any_of(
      marks, [&](std::string_view mark) { return !mark.empty() && text.ends_with(mark); });
}

}  // namespace

std::span<const ReasoningFormat> reasoning_formats() { return kFormats; }

const ReasoningFormat* find_reasoning_format(std::string_view name) {
  const auto* found = std::ranges::find(kFormats, name, &ReasoningFormat::name);
  return found == std::end(kFormats) ? nullptr : found;
}

Thinking thinking_after(std::string_view prompt, const ReasoningFormat& format) {
  while (!prompt.empty() && is_json_space(prompt.back())) prompt.remove_suffix(1);
  if (ends_with_any(prompt, format.openers)) return Thinking::kBegun;
  if (ends_with_any(prompt, format.closers)) return Thinking::kOver;
  return Thinking::kUnknown;
}

ReasoningParser::ReasoningParser(const ReasoningFormat& format, Thinking thinking)
    : mode_(thinking == Thinking::kOver ? Mode::kContent : Mode::kStart),
      begun_(thinking == Thinking::kBegun || format.opening_may_lack),
      opening_(finder(format.openers)),
      closing_(finder(format.closers)),
      answer_(finder(format.answer_marks)) {}

void ReasoningParser::push(std::string_view text, OutputEvents& events, std::string& content) {
  for (size_t i = 0; i < text.size(); ++i) {
    switch (mode_) {
      case Mode::kStart:
        step_start(text[i], events, content);
        break;
      case Mode::kThoughts:
        step_thoughts(text[i], events);
        break;
      case Mode::kAnswer:
        answer_.push(text[i], content);
        break;
      case Mode::kContent:
        content += text.substr(i);
        return;
    }
  }
}

// Whatever is neither blank nor a mark's beginning decides.
void ReasoningParser::step_start(char byte, OutputEvents& events, std::string& content) {
  std::string text;
  if (!opening_.push(byte, text).empty()) {
    blanks_.clear();
    mode_ = Mode::kThoughts;
    return;
  }
  if (std::ranges::all_of(text, is_json_space)) {
    blanks_ += text;
    return;
  }
  text = std::exchange(blanks_, {}) + text + opening_.take_held();
  mode_ = begun_ ? Mode::kThoughts : Mode::kContent;
  push(text, events, content);
}

void ReasoningParser::step_thoughts(char byte, OutputEvents& events) {
  std::string text;
  const bool closed = !closing_.push(byte, text).empty();
  events.reasoning(text);
  if (closed) mode_ = Mode::kAnswer;
}

void ReasoningParser::finish(OutputEvents& events, std::string& content) {
  if (mode_ == Mode::kThoughts) events.reasoning(closing_.take_held());
  if (mode_ == Mode::kAnswer) content += answer_.take_held();
  if (mode_ != Mode::kStart) return;
  const std::string text = std::exchange(blanks_, {}) + opening_.take_held();
  if (begun_) {
    events.reasoning(text);
  } else {
    content += text;
  }
}

}  // namespace spyre::serve::openai
