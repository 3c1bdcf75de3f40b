// What the text of a model turns out to be: content, thoughts, calls of tools. Parsers append to
// it; answers take from it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spyre::serve::openai {

struct OutputEvent {
  enum class Kind {
    kContent,
    kReasoning,
    kCall,       // a call begins; text is the function's name
    kArguments,  // of a call: a piece of the text that the model wrote as its arguments
  };
  Kind kind = Kind::kContent;
  std::string text = {};
  size_t call = 0;  // of kCall and kArguments: which one, counted from 0

  bool operator==(const OutputEvent&) const = default;
};

// Pieces of one kind that follow each other become one.
class OutputEvents {
 public:
  void content(std::string_view text) { add(OutputEvent::Kind::kContent, text, 0); }
  void reasoning(std::string_view text) { add(OutputEvent::Kind::kReasoning, text, 0); }
  void begin_call(size_t call, std::string_view name) {
    events_.push_back({OutputEvent::Kind::kCall, std::string(name), call});
  }
  void arguments(size_t call, std::string_view text) {
    add(OutputEvent::Kind::kArguments, text, call);
  }

  std::vector<OutputEvent> take() { return std::exchange(events_, {}); }

 private:
  void add(OutputEvent::Kind kind, std::string_view text, size_t call) {
    if (text.empty()) return;
    const bool goes_on =
        !events_.empty() && events_.back().kind == kind && events_.back().call == call;
    if (goes_on) {
      events_.back().text += text;
    } else {
      events_.push_back({kind, std::string(text), call});
    }
  }

  std::vector<OutputEvent> events_;
};

}  // namespace spyre::serve::openai
