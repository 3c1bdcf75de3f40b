#include "serve/openai/parsers/output_parser.h"

namespace spyre::serve::openai {

OutputParser::OutputParser(const OutputTerms& terms)
    : parallel_calls_(terms.parallel_calls),
      forced_call_(terms.forced_call),
      forced_(terms.forced_call.has_value()) {
  if (terms.reasoning != nullptr) reasoning_.emplace(*terms.reasoning, terms.thinking);
  if (terms.tools && !forced_) tools_.emplace(*terms.tools);
}

std::vector<OutputEvent> OutputParser::push(std::string_view text) {
  if (!reasoning_) {
    take_content(text);
  } else {
    std::string content;
    reasoning_->push(text, events_, content);
    take_content(content);
  }
  return take_events();
}

std::vector<OutputEvent> OutputParser::finish() {
  std::string content;
  if (reasoning_) reasoning_->finish(events_, content);
  take_content(content);
  if (tools_) tools_->finish(events_);
  return take_events();
}

void OutputParser::take_content(std::string_view text) {
  if (tools_) return tools_->push(text, events_);
  if (!forced_) return events_.content(text);
  if (text.empty()) return;
  if (forced_call_) events_.begin_call(0, *forced_call_);
  forced_call_.reset();
  events_.arguments(0, text);
}

std::vector<OutputEvent> OutputParser::take_events() {
  std::vector<OutputEvent> events = events_.take();
  if (!parallel_calls_)
    std::erase_if(events, [](const OutputEvent& each) { return each.call > 0; });
  return events;
}

}  // namespace spyre::serve::openai
