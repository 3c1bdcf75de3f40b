// One setting's value: its text, what the text means, and where it came from. parse_value() is the
// only place that turns text into values, whether it comes from a variable, a flag or the table's
// own default. It looks at one setting at a time: checks.h compares them.
#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "config/setting.h"

namespace spyre::config {

// kCatalogue: a known configuration of the model, where nobody else gave a value.
enum class Source : uint8_t { kDefault, kCatalogue, kEnvironment, kFile, kFlag };

// Who gave a value, and under which name: the variable's, the flag's, or key, file and line; a
// catalogue's model.
struct Origin {
  Source source = Source::kDefault;
  std::string name;
};

struct Value {
  Origin origin;
  std::string given;       // as it was written
  std::string text;        // choices: the canonical word; biases: JSON; lists: 1,2,3; else as given
  bool automatic = false;  // says "as if it were not given"
  std::variant<std::monostate, bool, int64_t, double, std::vector<int64_t>,
               std::vector<std::string>>
      meaning;
};

// given: what was written, one entry but for repeated flags; of several the last counts, unless the
// type collects them. kInvalidArgument: "<name>: wanted ..., found ...", the name with its other
// form (variable or flag), the value hidden where it is secret.
Result<Value> parse_value(const SettingInfo& row, std::span<const std::string> given,
                          Origin origin);

// "--flag (or VARIABLE)": origin's name first.
std::string label(const SettingInfo& row, const Origin& origin);

}  // namespace spyre::config
