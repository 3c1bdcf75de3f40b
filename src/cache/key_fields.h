// What an entry was compiled for, as named fields in an order of the caller's: the program's name
// first, then whatever must be equal for the code to be right (hash of the graph, formats, CPU,
// versions). The key is their SHA-256, so a field that changes is another entry, and a field that
// is forgotten is wrong code: this file cannot know which are needed, its caller does.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace spyre::cache {

struct KeyFields {
  std::vector<std::pair<std::string, std::string>> fields;  // name, value

  // 64 hex digits: SHA-256 of "spyre graph cache 1\n" and a line "name=value\n" for each field.
  // Different fields never make the same text, as long as check() accepts them.
  std::string key() const;

  // The first field's value: what people call the program. Empty without fields.
  std::string_view program() const;

  const std::string* find(std::string_view name) const;

  bool operator==(const KeyFields&) const = default;
};

inline constexpr size_t kMostFields = 64;
inline constexpr size_t kMostValueBytes = size_t{1} << 14;

// kInvalidArgument: no fields or more than kMostFields, a name twice or not of a-z, 0-9, _ and -, a
// value that is too long or has other bytes than printable ASCII (hash what is longer or stranger).
Status check(const KeyFields& fields);

// Whether text can be a key.
bool is_key(std::string_view text);

// "compiled for another cpu: had X, want Y", and so on for each field that differs; empty when none
// does. Long values are cut around their first difference.
std::string difference(const KeyFields& had, const KeyFields& want);

}  // namespace spyre::cache
