#include "serve/openai/parsers/tool_calls.h"

#include <algorithm>

namespace spyre::serve::openai {

namespace {

constexpr std::string_view kNameEnd = "[ARGS]";
constexpr std::string_view kIdBegin = "[CALL_ID]";

std::vector<std::string> marks_of(const ToolFormat& format) {
  std::vector<std::string> marks;
  for (const std::string_view opener : format.openers) {
    if (!opener.empty()) marks.emplace_back(opener);
  }
  if (!format.closer.empty()) marks.emplace_back(format.closer);
  return marks;
}

std::vector<std::string> closing_marks(const ToolFormat& format) {
  if (format.closer.empty()) return {};
  return {std::string(format.closer)};
}

bool is_name_byte(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z') || byte == '_' || byte == '-' || byte == '.';
}

// The name in "name", "name[ARGS]" or "name[CALL_ID]id[ARGS]"; empty where it is none of them.
std::string_view name_in(std::string_view head) {
  if (head.ends_with(kNameEnd)) head.remove_suffix(kNameEnd.size());
  head = head.substr(0, head.find(kIdBegin));
  return std::ranges::all_of(head, is_name_byte) ? head : std::string_view();
}

}  // namespace

ToolCallParser::ToolCallParser(ToolTerms terms)
    : terms_(std::move(terms)),
      marks_(marks_of(*terms_.format)),
      closing_(closing_marks(*terms_.format)) {}

void ToolCallParser::push(std::string_view text, OutputEvents& events) {
  input_.emplace_back(text, 0);
  run(events);
}

// refuse() puts text on top that is to be looked at again before what follows it.
void ToolCallParser::run(OutputEvents& events) {
  while (!input_.empty()) {
    auto& [text, at] = input_.back();
    if (at == text.size()) {
      input_.pop_back();
    } else {
      step(text[at++], events);
    }
  }
}

void ToolCallParser::finish(OutputEvents& events) {
  const auto untold = [&] {
    return mode_ == Mode::kOpened || mode_ == Mode::kName ||
           (mode_ == Mode::kCall && !call_->told());
  };
  while (untold()) {
    refuse(events);
    run(events);
  }
  if (mode_ == Mode::kBroken) events.arguments(calls_ - 1, closing_.take_held());
  if (mode_ == Mode::kText) content(marks_.take_held(), events);
  if (calls_ == 0) events.content(std::exchange(blanks_, {}));
}

void ToolCallParser::step(char byte, OutputEvents& events) {
  switch (mode_) {
    case Mode::kText:
      return step_text(byte, events);
    case Mode::kOpened:
      return step_opened(byte, events);
    case Mode::kName:
      return step_name(byte, events);
    case Mode::kNamedArguments:
      return step_named_arguments(byte, events);
    case Mode::kCall:
      return step_call(byte, events);
    case Mode::kBetween:
      return step_between(byte, events);
    case Mode::kBroken:
      return step_broken(byte, events);
  }
}

void ToolCallParser::step_text(char byte, OutputEvents& events) {
  const bool begins_bare = terms_.format->bare && at_start_ && (byte == '{' || byte == '[');
  if (!is_json_space(byte)) at_start_ = false;
  if (begins_bare) {
    open("");
    return step_opened(byte, events);
  }
  std::string text;
  const std::string_view mark = marks_.push(byte, text);
  content(text, events);
  if (mark.empty()) return;
  if (mark != terms_.format->closer) return open(mark);
  if (!inside_) return content(mark, events);
  inside_ = false;
  quiet_ = true;
}

void ToolCallParser::step_opened(char byte, OutputEvents& events) {
  if (byte == '{') {
    begin_call();
    return step_call(byte, events);
  }
  raw_ += byte;
  if (is_json_space(byte)) return;
  if (byte == '[' && shape_ == Shape::kObjects) {
    shape_ = Shape::kList;
  } else if (terms_.format->named && shape_ == Shape::kObjects && is_name_byte(byte)) {
    mode_ = Mode::kName;
  } else {
    refuse(events);
  }
}

void ToolCallParser::step_name(char byte, OutputEvents& events) {
  raw_ += byte;
  if (is_name_byte(byte) || byte == '[' || byte == ']') return;
  std::string_view head = raw_;
  head.remove_suffix(1);
  while (!head.empty() && is_json_space(head.front())) head.remove_prefix(1);
  const std::string_view name = name_in(head);
  if (byte != '{' || name.empty()) return refuse(events);
  events.begin_call(calls_++, name);
  raw_.clear();
  extent_ = {};
  mode_ = Mode::kNamedArguments;
  step_named_arguments(byte, events);
}

void ToolCallParser::step_named_arguments(char byte, OutputEvents& events) {
  const JsonExtent::Step step = extent_.push(byte);
  if (step == JsonExtent::Step::kBroken) {
    mode_ = Mode::kBroken;
    return step_broken(byte, events);
  }
  events.arguments(calls_ - 1, std::string_view(&byte, 1));
  if (step == JsonExtent::Step::kEnds) end_call();
}

void ToolCallParser::step_call(char byte, OutputEvents& events) {
  const bool told = call_->told();
  const JsonCall::Step step = call_->push(byte, events);
  if (call_->told() && !told) ++calls_;
  switch (step) {
    case JsonCall::Step::kInside:
      return;
    case JsonCall::Step::kComplete:
      return end_call();
    case JsonCall::Step::kBehind:
      end_call();
      return step_between(byte, events);
    case JsonCall::Step::kRefused:
      return refuse(events);
    case JsonCall::Step::kBroken:
      mode_ = Mode::kBroken;
      return step_broken(byte, events);
  }
}

void ToolCallParser::step_between(char byte, OutputEvents& events) {
  if (is_json_space(byte)) {
    blanks_ += byte;
  } else if (byte == '{' && shape_ != Shape::kClosedList) {
    begin_call();
    step_call(byte, events);
  } else if (shape_ == Shape::kList && (byte == ',' || byte == ']')) {
    if (byte == ']') shape_ = Shape::kClosedList;
    blanks_.clear();
  } else if (shape_ == Shape::kObjects && byte == ';' && terms_.format->bare) {
    blanks_.clear();
  } else {
    mode_ = Mode::kText;
    step_text(byte, events);
  }
}

void ToolCallParser::step_broken(char byte, OutputEvents& events) {
  std::string text;
  const bool closed = !closing_.push(byte, text).empty();
  events.arguments(calls_ - 1, text);
  if (!closed) return;
  end_call();
  inside_ = false;
  mode_ = Mode::kText;
}

void ToolCallParser::open(std::string_view mark) {
  mark_ = mark;
  bare_ = mark.empty();
  shape_ = Shape::kObjects;
  inside_ = false;
  raw_.clear();
  mode_ = Mode::kOpened;
}

void ToolCallParser::begin_call() {
  call_.emplace(calls_, bare_ ? &terms_.names : nullptr);
  mode_ = Mode::kCall;
}

void ToolCallParser::end_call() {
  call_.reset();
  mark_.clear();
  raw_.clear();
  blanks_.clear();
  quiet_ = true;
  inside_ = !bare_ && !terms_.format->closer.empty();
  mode_ = Mode::kBetween;
}

void ToolCallParser::refuse(OutputEvents& events) {
  std::string text = std::exchange(raw_, {});
  if (call_) text += call_->raw();
  call_.reset();
  mode_ = Mode::kText;
  const std::string mark = std::exchange(mark_, {});
  if (mark.empty()) {
    content(text.substr(0, 1), events);
    text.erase(0, 1);
  } else if (std::ranges::find(terms_.hidden_marks, mark) == terms_.hidden_marks.end()) {
    content(mark, events);
  }
  input_.emplace_back(std::move(text), 0);
}

void ToolCallParser::content(std::string_view text, OutputEvents& events) {
  if (quiet_) {
    const size_t blanks = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    blanks_ += text.substr(0, blanks);
    text.remove_prefix(blanks);
    if (text.empty()) return;
    events.content(std::exchange(blanks_, {}));
    quiet_ = false;
  }
  events.content(text);
}

}  // namespace spyre::serve::openai
