// Any bytes as what a model wrote (the first two say for which parsers, the third how it is cut):
// the parts are the same however it comes, and where no call was found nothing is lost.
#include "base/result.h"
#include "serve/openai/parsers/output_parser.h"

namespace {

namespace openai = spyre::serve::openai;
using openai::OutputEvent;

// Parts in order, neighbours of a kind joined.
class Parts {
 public:
  void add(const std::vector<OutputEvent>& events) {
    for (const OutputEvent& event : events) {
      const bool goes_on = !all_.empty() && event.kind != OutputEvent::Kind::kCall &&
                           all_.back().kind == event.kind && all_.back().call == event.call;
      if (goes_on) {
        all_.back().text += event.text;
      } else {
        all_.push_back(event);
      }
    }
  }
  const std::vector<OutputEvent>& all() const { return all_; }

 private:
  std::vector<OutputEvent> all_;
};

Parts parts_of(const openai::OutputTerms& terms, std::string_view text, size_t longest) {
  openai::OutputParser parser(terms);
  Parts parts;
  size_t piece = longest;
  while (!text.empty()) {
    const size_t bytes = std::min(text.size(), piece);
    parts.add(parser.push(text.substr(0, bytes)));
    text.remove_prefix(bytes);
    piece = piece % longest + 1;
  }
  parts.add(parser.finish());
  return parts;
}

openai::OutputTerms terms_of(uint8_t tools, uint8_t reasoning) {
  openai::OutputTerms terms;
  const auto formats = openai::tool_formats();
  if (const size_t index = tools % (formats.size() + 2); index < formats.size()) {
    terms.tools = openai::ToolTerms{.format = &formats[index], .names = {"f"}};
  } else if (index == formats.size()) {
    terms.tools = openai::ToolTerms{.format = &openai::forced_calls_format(), .names = {"f"}};
  }
  const auto thoughts = openai::reasoning_formats();
  if (const size_t index = reasoning % (thoughts.size() + 1); index < thoughts.size()) {
    terms.reasoning = &thoughts[index];
    terms.thinking = static_cast<openai::Thinking>(reasoning / 16 % 3);
  }
  return terms;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  if (bytes < 3) return 0;
  const openai::OutputTerms terms = terms_of(data[0], data[1]);
  const std::string_view text(reinterpret_cast<const char*>(data) + 3, bytes - 3);
  const Parts whole = parts_of(terms, text, text.size() + 1);
  SPYRE_CHECK(parts_of(terms, text, 1).all() == whole.all());
  SPYRE_CHECK(parts_of(terms, text, 1 + data[2] % 16).all() == whole.all());
  size_t calls = 0;
  for (const OutputEvent& event : whole.all()) {
    if (event.kind == OutputEvent::Kind::kCall) SPYRE_CHECK(event.call == calls++);
    if (event.kind == OutputEvent::Kind::kArguments) SPYRE_CHECK(event.call + 1 == calls);
  }
  if (terms.reasoning == nullptr && calls == 0 && !text.empty()) {
    SPYRE_CHECK(whole.all().size() == 1 && whole.all()[0].text == text);
  }
  return 0;
}
