// YAML as a tree of plain values, each with its line: what the library gives, bounded and without
// its exceptions. One document of untrusted text; aliases are followed, so that a reader never sees
// one, and "<<" is resolved: keys of the map win over those that it merges.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace spyre {

struct YamlEntry;

struct Yaml {
  enum class Kind : uint8_t { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  int line = 1;
  bool quoted = false;      // kScalar: text even where it looks like a number
  std::string text;         // kScalar
  std::vector<Yaml> items;  // kList
  // kMap: key and value in their order. A key that is there twice is there twice here.
  std::vector<YamlEntry> entries;

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  // The first value of that key; null where there is none.
  const Yaml* find(std::string_view key) const;
};

struct YamlEntry {
  Yaml key;
  Yaml value;
};

// kInvalidArgument, with source and line: no YAML, more than one document, bytes that are no text,
// aliases that make it too large (100000 values, 8 MiB, 200 inside one another).
Result<Yaml> parse_yaml(std::string_view text, std::string_view source);

// Scalars that JSON knows are what they look like, unless they stand in quotes. Of a key that is
// there twice the last counts. kInvalidArgument, with source and line: a key that is no scalar.
Result<Json> to_json(const Yaml& yaml, std::string_view source);

}  // namespace spyre
