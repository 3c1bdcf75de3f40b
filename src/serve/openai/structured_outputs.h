// The fields by which a request says what its answer must look like, in their three spellings:
// OpenAI's response_format, vLLM's structured_outputs, and guided_* of its older versions. A
// request may use one of them. What the grammar means is known behind text/grammar.h.
#pragma once

#include <memory>
#include <optional>

#include "base/json.h"
#include "base/result.h"
#include "text/grammar.h"

namespace spyre::serve::openai {

// As they came, of the types of their rows; null where nothing was given.
struct StructuredFields {
  Json response_format;
  Json structured_outputs;
  Json guided_json;
  Json guided_regex;
  Json guided_choice;
  Json guided_grammar;
  Json guided_whitespace_pattern;

  // Whether one of the older names was used.
  bool guided() const;
};

// --structured-outputs-config; a request may ask for more.
struct StructuredOptions {
  bool no_whitespace = false;             // disable_any_whitespace
  bool no_additional_properties = false;  // disable_additional_properties
};

// Reads the members that mean something here; any backend's name is taken. kInvalidArgument: no
// JSON object, a member of the wrong type.
Result<StructuredOptions> structured_options(std::string_view json, std::string_view source);

// The grammar that the fields ask for; nothing: any text will do. kInvalidArgument names the field:
// an unknown type, none or two of the kinds, a member of the wrong type.
Result<std::optional<text::GrammarSpec>> grammar_spec(const StructuredFields& fields,
                                                      const StructuredOptions& options);

// That, compiled; null: any text will do. compiler: null where there is none.
// Errors: kInvalidArgument naming the field, also for what cannot be compiled; kInternal.
Result<std::shared_ptr<const text::Grammar>> compile_grammar(const StructuredFields& fields,
                                                             const StructuredOptions& options,
                                                             text::GrammarCompiler* compiler);

}  // namespace spyre::serve::openai
