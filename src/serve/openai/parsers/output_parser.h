// The text of one choice, as it comes, taken apart: thoughts first, then content and tool calls.
// What a stream tells and what a whole answer has is the same by construction: both go through
// here, and no parser sees how the text was cut.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/openai/parsers/reasoning.h"
#include "serve/openai/parsers/tool_calls.h"

namespace spyre::serve::openai {

struct OutputTerms {
  const ReasoningFormat* reasoning = nullptr;  // null: thoughts are content
  Thinking thinking = Thinking::kUnknown;
  std::optional<ToolTerms> tools = {};  // none: calls are content
  // What is not thought is the arguments of a call of this function, which had to be called.
  std::optional<std::string> forced_call = {};
  bool parallel_calls = true;  // false: calls after the first are dropped
};

class OutputParser {
 public:
  explicit OutputParser(const OutputTerms& terms);

  std::vector<OutputEvent> push(std::string_view text);
  // What was held back; the choice is over.
  std::vector<OutputEvent> finish();

 private:
  void take_content(std::string_view text);
  std::vector<OutputEvent> take_events();

  const bool parallel_calls_;
  std::optional<ReasoningParser> reasoning_;
  std::optional<ToolCallParser> tools_;
  std::optional<std::string> forced_call_;  // not told yet
  bool forced_;
  OutputEvents events_;
};

}  // namespace spyre::serve::openai
