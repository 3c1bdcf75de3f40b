// Splits an answer into what the model thought and what it says, as it comes
// (--reasoning-parser). Thoughts stand at the beginning or not at all: marks in later text are
// text. Neither part is trimmed; only the marks are dropped, and blanks before the first.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "serve/openai/parsers/mark_finder.h"
#include "serve/openai/parsers/output_events.h"

namespace spyre::serve::openai {

struct ReasoningFormat {
  std::string_view name;
  std::array<std::string_view, 3> openers;
  std::array<std::string_view, 3> closers;
  // Around what is said behind marked thoughts: dropped there.
  std::array<std::string_view, 2> answer_marks = {};
  bool opening_may_lack = false;  // an answer begins with thoughts, whether marked or not
};

std::span<const ReasoningFormat> reasoning_formats();
// Null for a name that is none.
const ReasoningFormat* find_reasoning_format(std::string_view name);

// What the end of a prompt says of the answer's beginning.
enum class Thinking {
  kUnknown,
  kBegun,  // the prompt ends with an opening mark
  kOver,   // ... with a closing one: there are no thoughts
};
Thinking thinking_after(std::string_view prompt, const ReasoningFormat& format);

class ReasoningParser {
 public:
  ReasoningParser(const ReasoningFormat& format, Thinking thinking);

  // Thoughts go to the events, everything else to `content`, which comes behind them.
  void push(std::string_view text, OutputEvents& events, std::string& content);
  void finish(OutputEvents& events, std::string& content);

 private:
  enum class Mode { kStart, kThoughts, kAnswer, kContent };

  void step_start(char byte, OutputEvents& events, std::string& content);
  void step_thoughts(char byte, OutputEvents& events);

  Mode mode_;
  bool begun_;  // thoughts need no mark
  MarkFinder opening_;
  MarkFinder closing_;
  MarkFinder answer_;   // the marks that are dropped
  std::string blanks_;  // before the first mark
};

}  // namespace spyre::serve::openai
