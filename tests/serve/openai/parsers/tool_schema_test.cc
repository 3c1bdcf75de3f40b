#include "serve/openai/parsers/tool_schema.h"

#include <gtest/gtest.h>

namespace spyre::serve::openai {
namespace {

const Json kTools = Json::parse(R"([
  {"type": "function", "function": {"name": "add", "parameters":
    {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}}},
  {"type": "function", "function": {"name": "now"}}])");

TEST(ForcedCallsSchema, OnlyForChoicesThatForce) {
  for (const Json& choice : {Json(nullptr), Json("auto"), Json("none")}) {
    EXPECT_TRUE(forced_calls_schema(kTools, choice, true).is_null());
    EXPECT_FALSE(named_function(choice));
  }
}

TEST(ForcedCallsSchema, OfANamedFunctionIsThatOfItsArguments) {
  const auto choice = [](const char* name) {
    return Json{{"type", "function"}, {"function", {{"name", name}}}};
  };
  EXPECT_EQ(named_function(choice("add")), "add");
  EXPECT_EQ(forced_calls_schema(kTools, choice("add"), true), kTools[0]["function"]["parameters"]);
  EXPECT_EQ(forced_calls_schema(kTools, choice("now"), true),
            Json::parse(R"({"type": "object", "properties": {}})"));
}

TEST(ForcedCallsSchema, OfAnyCallIsAListOfThem) {
  EXPECT_EQ(forced_calls_schema(kTools, "required", true), Json::parse(R"({
    "type": "array",
    "items": {"anyOf": [
      {"type": "object",
       "properties": {
         "name": {"type": "string", "enum": ["add"]},
         "parameters": {"type": "object", "properties": {"a": {"type": "integer"}},
                        "required": ["a"]}},
       "required": ["name", "parameters"], "additionalProperties": false},
      {"type": "object",
       "properties": {
         "name": {"type": "string", "enum": ["now"]},
         "parameters": {"type": "object", "properties": {}}},
       "required": ["name", "parameters"], "additionalProperties": false}]},
    "minItems": 1})"));
  EXPECT_EQ(forced_calls_schema(kTools, "required", false)["maxItems"], 1);
}

TEST(ForcedCallsSchema, ReferencesGoOnPointingAtTheirPlace) {
  const Json tools = Json::parse(R"([{"type": "function", "function": {"name": "f", "parameters": {
    "$defs": {"node": {"properties": {"next": {"$ref": "#/$defs/node"}}}},
    "properties": {"all": {"$ref": "#"}, "list": {"$ref": "#/$defs/node"}}}}}])");
  EXPECT_EQ(
      forced_calls_schema(tools, "required", true)["items"]["anyOf"][0]["properties"]["parameters"],
      Json::parse(R"({"$ref": "#/$defs/tool0"})"));
  EXPECT_EQ(forced_calls_schema(tools, "required", true)["$defs"], Json::parse(R"({"tool0": {
    "$defs": {"node": {"properties": {"next": {"$ref": "#/$defs/tool0/$defs/node"}}}},
    "properties": {"all": {"$ref": "#/$defs/tool0"},
                   "list": {"$ref": "#/$defs/tool0/$defs/node"}}}})"));
}

}  // namespace
}  // namespace spyre::serve::openai
