// An answer taken apart, and put together again as a client would do it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "serve/openai/parsers/output_parser.h"

namespace spyre::serve::openai::testing {

struct ParsedCall {
  std::string name;
  std::string arguments;
  bool operator==(const ParsedCall&) const = default;
};

struct Parsed {
  std::string reasoning;
  std::string content;
  std::vector<ParsedCall> calls;
  bool operator==(const Parsed&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Parsed& parsed);

OutputTerms tool_terms(std::string_view format);
OutputTerms reasoning_terms(std::string_view format, Thinking thinking = Thinking::kUnknown);

// cuts: where pieces end, ascending; none: the text in one piece.
Parsed parsed(const OutputTerms& terms, std::string_view text,
              const std::vector<size_t>& cuts = {});

// Expects the same parse of a text cut at every single place, into bytes, and at random places.
void expect_cuts_make_no_difference(const OutputTerms& terms, const std::string& text);

}  // namespace spyre::serve::openai::testing
