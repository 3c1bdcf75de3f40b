#include "serve/openai/parsers/parsed.h"

#include <random>

namespace spyre::serve::openai::testing {

namespace {

void gather(const std::vector<OutputEvent>& events, Parsed& parsed) {
  for (const OutputEvent& event : events) {
    switch (event.kind) {
      case OutputEvent::Kind::kContent:
        parsed.content += event.text;
        break;
      case OutputEvent::Kind::kReasoning:
        EXPECT_TRUE(parsed.content.empty() && parsed.calls.empty()) << "thoughts come first";
        parsed.reasoning += event.text;
        break;
      case OutputEvent::Kind::kCall:
        EXPECT_EQ(event.call, parsed.calls.size());
        parsed.calls.push_back({event.text, ""});
        break;
      case OutputEvent::Kind::kArguments:
        ASSERT_EQ(event.call + 1, parsed.calls.size());
        parsed.calls.back().arguments += event.text;
        break;
    }
  }
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Parsed& parsed) {
  out << "reasoning <" << parsed.reasoning << "> content <" << parsed.content << ">";
  for (const ParsedCall& call : parsed.calls)
    out << " " << call.name << " <" << call.arguments << ">";
  return out;
}

OutputTerms tool_terms(std::string_view format) {
  return {.tools = ToolTerms{.format = find_tool_format(format),
                             .names = {"get_weather", "add", "now"}}};
}

OutputTerms reasoning_terms(std::string_view format, Thinking thinking) {
  return {.reasoning = find_reasoning_format(format), .thinking = thinking};
}

Parsed parsed(const OutputTerms& terms, std::string_view text, const std::vector<size_t>& cuts) {
  OutputParser parser(terms);
  Parsed whole;
  size_t begin = 0;
  for (const size_t cut : cuts) {
    gather(parser.push(text.substr(begin, cut - begin)), whole);
    begin = cut;
  }
  gather(parser.push(text.substr(begin)), whole);
  gather(parser.finish(), whole);
  return whole;
}

void expect_cuts_make_no_difference(const OutputTerms& terms, const std::string& text) {
  SCOPED_TRACE(text);
  const Parsed whole = parsed(terms, text);
  std::vector<size_t> all;
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    all.push_back(cut);
    EXPECT_EQ(parsed(terms, text, {cut}), whole) << "cut at " << cut;
  }
  EXPECT_EQ(parsed(terms, text, all), whole);
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::vector<size_t> cuts;
    for (const size_t cut : all) {
      if (random() % 4 == 0) cuts.push_back(cut);
    }
    EXPECT_EQ(parsed(terms, text, cuts), whole) << ::testing::PrintToString(cuts);
  }
}

}  // namespace spyre::serve::openai::testing
