#include "engine/random_schema.h"

#include <algorithm>

namespace spyre::engine::testing {

namespace {

int64_t up_to(std::mt19937_64& random, int64_t most) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(most + 1));
}

Json random_object(std::mt19937_64& random, int depth) {
  Json properties = Json::object();
  Json required = Json::array();
  const int64_t count = 1 + up_to(random, 2);
  for (int64_t i = 0; i < count; ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    properties[name] = random_schema(random, depth - 1);
    if (up_to(random, 1) == 0) required.push_back(name);
  }
  return {{"type", "object"},
          {"properties", properties},
          {"required", required},
          {"additionalProperties", false}};
}

Json random_leaf(std::mt19937_64& random) {
  switch (up_to(random, 5)) {
    case 0: {
      const int64_t low = up_to(random, 40) - 20;
      return {{"type", "integer"}, {"minimum", low}, {"maximum", low + up_to(random, 300)}};
    }
    case 1:
      return {{"type", "string"}, {"maxLength", up_to(random, 4)}};
    case 2:
      return {{"type", "boolean"}};
    case 3:
      return {{"enum", {"x", nullptr, 7, true}}};
    case 4:
      return {
          {"anyOf", {{{"type", "null"}}, {{"type", "integer"}, {"minimum", 0}, {"maximum", 9}}}}};
    default:
      return {{"const", "k"}};
  }
}

bool is_of_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  return type == "null" && value.is_null();
}

size_t characters(const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
}

bool object_validates(const Json& value, const Json& schema) {
  for (const Json& name : schema["required"]) {
    if (!value.contains(name.get<std::string>())) return false;
  }
  return std::ranges::all_of(value.items(), [&](const auto& item) {
    const auto property = schema["properties"].find(item.key());
    return property != schema["properties"].end() && validates(item.value(), *property);
  });
}

}  // namespace

Json random_schema(std::mt19937_64& random, int depth) {
  if (depth <= 0) return random_leaf(random);
  switch (up_to(random, 2)) {
    case 0:
      return random_leaf(random);
    case 1:
      return {{"type", "array"},
              {"items", random_schema(random, depth - 1)},
              {"maxItems", up_to(random, 3)}};
    default:
      return random_object(random, depth);
  }
}

bool validates(const Json& value, const Json& schema) {
  if (schema.contains("const")) return value == schema["const"];
  if (schema.contains("enum")) {
    return std::ranges::find(schema["enum"], value) != schema["enum"].end();
  }
  if (schema.contains("anyOf")) {
    return std::ranges::any_of(schema["anyOf"], [&](auto& one) { return validates(value, one); });
  }
  if (!is_of_type(value, schema["type"].get<std::string>())) return false;
  if (value.is_object()) return object_validates(value, schema);
  if (value.is_array()) {
    return value.size() <= schema["maxItems"].get<size_t>() &&
           std::ranges::all_of(value, [&](auto& item) { return validates(item, schema["items"]); });
  }
  if (value.is_string()) {
    return characters(value.get<std::string>()) <= schema["maxLength"].get<size_t>();
  }
  if (value.is_number()) return value >= schema["minimum"] && value <= schema["maximum"];
  return true;
}

}  // namespace spyre::engine::testing
