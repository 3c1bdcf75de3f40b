#include "serve/openai/structured_outputs.h"

#include "serve/openai/api_fixture.h"

namespace spyre::serve::openai::testing {
namespace {

using ::testing::HasSubstr;
using text::GrammarKind;

class StructuredOutputs : public Api {
 protected:
  std::string refused(const Json& more, std::string* message = nullptr) {
    Json body = {{"prompt", "a"}};
    body.update(more);
    return refusal("/v1/completions", body, message);
  }
};

text::GrammarSpec spec_of(const StructuredFields& fields, const StructuredOptions& options = {}) {
  auto spec = grammar_spec(fields, options);
  if (!spec) ADD_FAILURE() << spec.error().message;
  if (!spec || !*spec) return {};
  return std::move(**spec);
}

TEST_F(StructuredOutputs, EveryKindReachesTheEngine) {
  const Json schema = {{"type", "object"}, {"properties", {{"a", {{"type", "integer"}}}}}};
  const Json kBodies[] = {
      {{"response_format", {{"type", "json_object"}}}},
      {{"response_format",
        {{"type", "json_schema"}, {"json_schema", {{"name", "x"}, {"schema", schema}}}}}},
      {{"structured_outputs", {{"json", schema}}}},
      {{"structured_outputs", {{"json", schema.dump()}, {"disable_any_whitespace", true}}}},
      {{"structured_outputs", {{"regex", "a+"}, {"json", nullptr}, {"json_object", false}}}},
      {{"structured_outputs", {{"choice", {"a", "b"}}}}},
      {{"structured_outputs", {{"grammar", "root ::= \"a\""}}}},
      {{"structured_outputs", {{"grammar", "start: \"a\""}}}},
      {{"structured_outputs", {{"json_object", true}}}},
      {{"structured_outputs",
        {{"structural_tag",
          R"({"structures": [{"begin": "<a>", "schema": {}, "end": "</a>"}], "triggers": ["<a"]})"}}}},
      {{"structured_outputs", {{"json_object", true}}}, {"response_format", {{"type", "text"}}}},
      {{"guided_json", schema}},
      {{"guided_json", schema.dump()}, {"guided_whitespace_pattern", "[ \n]?"}},
      {{"guided_regex", "a+"}, {"guided_decoding_backend", "outlines"}},
      {{"guided_choice", {"a", "b"}}},
      {{"guided_grammar", "root ::= \"a\""}},
  };
  for (const Json& each : kBodies) {
    SCOPED_TRACE(each);
    engine_.submitted.clear();
    answer_with({two_tokens()});
    Json body = {{"prompt", "a"}};
    body.update(each);
    const auto exchange = complete(body);
    EXPECT_EQ(exchange->status, 200) << exchange->body;
    ASSERT_EQ(engine_.submitted.size(), 1u);
    EXPECT_NE(engine_.submitted[0].request.grammar, nullptr);
    const bool old = each.begin().key().starts_with("guided");
    EXPECT_EQ(exchange->header("Deprecation"), old ? "true" : "");
  }
}

TEST_F(StructuredOutputs, TextIsFree) {
  for (const Json& more : {Json::object(), Json{{"response_format", {{"type", "text"}}}},
                           Json{{"guided_json", nullptr}}}) {
    engine_.submitted.clear();
    answer_with({two_tokens()});
    Json body = {{"prompt", "a"}};
    body.update(more);
    complete(body);
    ASSERT_EQ(engine_.submitted.size(), 1u);
    EXPECT_EQ(engine_.submitted[0].request.grammar, nullptr);
  }
}

TEST_F(StructuredOutputs, WhatIsWrongIsNamed) {
  struct Case {
    Json body;
    const char* param;
    const char* words;
  };
  const auto format = [](const Json& schema) {
    return Json{
        {"response_format", {{"type", "json_schema"}, {"json_schema", {{"schema", schema}}}}}};
  };
  const auto outputs = [](const Json& value) { return Json{{"structured_outputs", value}}; };
  const Case kCases[] = {
      {{{"response_format", Json::object()}}, "response_format", "a type of"},
      {{{"response_format", {{"type", 5}}}}, "response_format", "found 5"},
      {{{"response_format", {{"type", "poem"}}}}, "response_format", "poem"},
      {{{"response_format", {{"type", "json_schema"}}}}, "response_format", "json_schema"},
      {{{"response_format", {{"type", "json_schema"}, {"json_schema", {{"name", "x"}}}}}},
       "response_format",
       "json_schema.schema"},
      {format(5), "response_format", "a JSON schema"},
      {format({{"not", Json::object()}}), "response_format", "\"not\""},
      {format({{"type", "number"}, {"multipleOf", 123457}}), "response_format", "multipleOf"},
      {outputs(Json::object()), "structured_outputs", "found none"},
      {outputs({{"json_object", false}}), "structured_outputs", "found none"},
      {outputs({{"regex", "a"}, {"choice", {"a"}}}), "structured_outputs", "choice beside"},
      {outputs({{"regex", 5}}), "structured_outputs", "regex: wanted a string"},
      {outputs({{"regex", "("}}), "structured_outputs", "unclosed group"},
      {outputs({{"choice", Json::array()}}), "structured_outputs", "at least one"},
      {outputs({{"choice", {1}}}), "structured_outputs", "list of strings"},
      {outputs({{"grammar", "root ::= ?"}}), "structured_outputs", "line 1, column 10"},
      {outputs({{"json_object", "yes"}}), "structured_outputs", "json_object: wanted true"},
      {outputs({{"structural_tag", "{}"}}), "structured_outputs", "structural tags"},
      {outputs({{"structural_tag", {{"format", Json::object()}}}}), "structured_outputs",
       "structures and triggers"},
      {{{"response_format", {{"type", "structural_tag"}, {"structures", Json::array()}}}},
       "response_format",
       "triggers"},
      {outputs({{"json_object", true}, {"disable_any_whitespace", 1}}), "structured_outputs",
       "disable_any_whitespace"},
      {outputs({{"json_object", true}, {"whitespace_pattern", 1}}), "structured_outputs",
       "whitespace_pattern"},
      {{{"guided_regex", "a"}, {"guided_choice", {"a"}}}, "guided_regex", "guided_choice too"},
      {{{"guided_json", "{"}}, "guided_json", "line 1"},
      {{{"guided_json", true}, {"response_format", {{"type", "json_object"}}}},
       "response_format",
       "guided_json too"},
      {{{"guided_regex", "a"}, {"use_beam_search", true}}, "use_beam_search", "structured"},
  };
  for (const Case& each : kCases) {
    SCOPED_TRACE(each.body);
    std::string message;
    EXPECT_EQ(refused(each.body, &message), fmt::format("400 BadRequestError {}", each.param));
    EXPECT_TRUE(message.starts_with(each.param)) << message;
    EXPECT_THAT(message, HasSubstr(each.words));
  }
  EXPECT_EQ(refused({{"guided_json", 5}}), "400 Bad Request body.guided_json");
  EXPECT_EQ(refused({{"guided_choice", {5}}}), "400 Bad Request body.guided_choice");
  EXPECT_TRUE(engine_.submitted.empty());
}

TEST_F(StructuredOutputs, WithoutACompilerTheyAreRefused) {
  service_.grammars = nullptr;
  EXPECT_EQ(refused({{"guided_regex", "a"}}), "400 BadRequestError guided_regex");
}

TEST(StructuredFields, OptionsOfRequestAndServerAdd) {
  StructuredFields fields;
  fields.structured_outputs = {{"json_object", true}, {"disable_any_whitespace", true}};
  EXPECT_TRUE(spec_of(fields).no_whitespace);
  EXPECT_FALSE(spec_of(fields).no_additional_properties);
  EXPECT_TRUE(spec_of(fields, {.no_additional_properties = true}).no_additional_properties);
  fields.structured_outputs = {{"json_object", true}, {"whitespace_pattern", "_"}};
  EXPECT_EQ(spec_of(fields).whitespace_pattern, "_");
  EXPECT_EQ(spec_of(fields).kind, GrammarKind::kJsonSchema);
}

TEST(StructuredFields, TheSettingIsRead) {
  const auto options = structured_options(
      R"({"backend": "xgrammar", "disable_additional_properties": true})", "--x");
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->no_additional_properties);
  EXPECT_FALSE(options->no_whitespace);
  for (const char* wrong : {"{", "[]", R"({"disable_any_whitespace": 5})"}) {
    const auto refused = structured_options(wrong, "--x");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("--x"));
  }
}

}  // namespace
}  // namespace spyre::serve::openai::testing
