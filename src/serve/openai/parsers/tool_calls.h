// Splits an answer into content and tool calls, as it comes. What turns out to be no call is
// content, to the last byte; only marks, and blanks beside them, are dropped. How the text was cut
// makes no difference: a split answer gives the same content and the same calls.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/openai/parsers/json_call.h"
#include "serve/openai/parsers/mark_finder.h"
#include "serve/openai/parsers/tool_formats.h"

namespace spyre::serve::openai {

struct ToolTerms {
  const ToolFormat* format = nullptr;
  // The request's tools: calls without a mark must be of one of them.
  std::vector<std::string> names = {};
  // Marks that are no text for a client: special tokens. One that opens no call is dropped.
  std::vector<std::string> hidden_marks = {};
};

class ToolCallParser {
 public:
  explicit ToolCallParser(ToolTerms terms);

  void push(std::string_view text, OutputEvents& events);
  // The answer is over. A call that was told keeps the arguments that came.
  void finish(OutputEvents& events);

 private:
  enum class Mode {
    kText,
    kOpened,          // behind a mark: a call, or a list of them
    kName,            // of a call whose name stands before its arguments
    kNamedArguments,  // of such a call
    kCall,
    kBetween,  // behind a call
    kBroken,   // arguments that are no JSON, up to the closing mark
  };
  enum class Shape { kObjects, kList, kClosedList };

  void run(OutputEvents& events);
  void step(char byte, OutputEvents& events);
  void step_text(char byte, OutputEvents& events);
  void step_opened(char byte, OutputEvents& events);
  void step_name(char byte, OutputEvents& events);
  void step_named_arguments(char byte, OutputEvents& events);
  void step_call(char byte, OutputEvents& events);
  void step_between(char byte, OutputEvents& events);
  void step_broken(char byte, OutputEvents& events);
  void open(std::string_view mark);
  void begin_call();
  void end_call();
  // Takes back what was held since mark_: the mark is content, the rest is looked at again.
  void refuse(OutputEvents& events);
  void content(std::string_view text, OutputEvents& events);

  const ToolTerms terms_;
  Mode mode_ = Mode::kText;
  MarkFinder marks_;      // openers, and the closer: of kText
  MarkFinder closing_;    // of kBroken
  bool at_start_ = true;  // nothing but blanks so far
  bool quiet_ = true;     // nothing but blanks since the answer began or a call ended
  std::string blanks_;    // they, held back
  bool inside_ = false;   // behind a call whose closing mark is yet to come
  // Of the calls behind one mark.
  std::string mark_;  // empty: there was none, or a call behind it was told
  bool bare_ = false;
  Shape shape_ = Shape::kObjects;
  std::string raw_;  // what came behind the mark and was told to nobody, but for call_'s
  std::optional<JsonCall> call_;
  JsonExtent extent_;                                  // of kNamedArguments
  size_t calls_ = 0;                                   // told
  std::vector<std::pair<std::string, size_t>> input_;  // text and how far it was read; last first
};

}  // namespace spyre::serve::openai
