#include "serve/openai/parsers/tool_schema.h"

#include <algorithm>
#include <string>

namespace spyre::serve::openai {

namespace {

Json parameters_of(const Json& function) {
  const auto found = function.find("parameters");
  // A function that says nothing of arguments takes none.
  if (found == function.end() || found->is_null()) {
    return {{"type", "object"}, {"properties", Json::object()}};
  }
  return *found;
}

// Whether a schema refers to parts of itself.
bool has_references(const Json& schema) {
  if (schema.is_object() && schema.contains("$ref")) return true;
  if (!schema.is_structured()) return false;
  return std::ranges::any_of(schema, has_references);
}

// References count from the root of a document, which the schema will no longer be.
void move_references(Json& schema, const std::string& root) {
  if (schema.is_object()) {
    const auto found = schema.find("$ref");
    if (found != schema.end() && found->is_string()) {
      const auto& target = found->get_ref<const std::string&>();
      if (target.starts_with('#')) *found = root + target.substr(1);
    }
  }
  if (!schema.is_structured()) return;
  for (Json& each : schema) move_references(each, root);
}

Json call_schema(const Json& function, Json parameters) {
  return {{"type", "object"},
          {"properties",
           {{"name", {{"type", "string"}, {"enum", {function["name"]}}}},
            {"parameters", std::move(parameters)}}},
          {"required", {"name", "parameters"}},
          {"additionalProperties", false}};
}

Json any_calls_schema(const Json& tools, bool parallel) {
  Json calls = Json::array();
  Json definitions = Json::object();
  for (const Json& tool : tools) {
    const Json& function = tool["function"];
    Json parameters = parameters_of(function);
    if (has_references(parameters)) {
      const std::string name = "tool" + std::to_string(calls.size());
      const std::string place = "#/$defs/" + name;
      move_references(parameters, place);
      definitions[name] = std::move(parameters);
      parameters = {{"$ref", place}};
    }
    calls.push_back(call_schema(function, std::move(parameters)));
  }
  Json schema = {{"type", "array"}, {"items", {{"anyOf", std::move(calls)}}}, {"minItems", 1}};
  if (!parallel) schema["maxItems"] = 1;
  if (!definitions.empty()) schema["$defs"] = std::move(definitions);
  return schema;
}

}  // namespace

std::optional<std::string> named_function(const Json& choice) {
  if (!choice.is_object()) return std::nullopt;
  return choice["function"]["name"].get<std::string>();
}

Json forced_calls_schema(const Json& tools, const Json& choice, bool parallel) {
  if (choice == "required") return any_calls_schema(tools, parallel);
  const auto name = named_function(choice);
  if (!name) return nullptr;
  for (const Json& tool : tools) {
    if (tool["function"]["name"] == *name) return parameters_of(tool["function"]);
  }
  return nullptr;
}

}  // namespace spyre::serve::openai
