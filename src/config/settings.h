// The values of all settings of one run: load() makes them once at start, everyone else reads (only
// a known configuration may fill in what nobody gave, adopt.h). A
// flag wins over the file of --config, the file over a variable, a variable over the default; each
// value knows where it came from.
// Rooms other than cli/ never see this: cli/ fills their Options from it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/command_line.h"
#include "config/environment.h"
#include "config/setting.h"
#include "config/value.h"

namespace spyre::config {

class Settings {
 public:
  // Given by a variable or a flag, and not with the value that means "as if it were not given".
  bool is_set(Setting setting) const;
  Source source(Setting setting) const;
  // Under which names a message should mention it: as it was given, else its flag or variable.
  std::string label(Setting setting) const;

  // Each asks for one kind of Type. flag: kBool, kSwitch. integer: kInteger, kSize. real: kReal.
  // list: kIntegers. texts: kTexts, kWords, kJsonList. text: the others in their canonical
  // spelling, and of these the text as it was given. Without value and default, text, list and
  // texts are empty; flag, integer and real are a bug of the caller, who asks is_set() first.
  bool flag(Setting setting) const;
  int64_t integer(Setting setting) const;
  double real(Setting setting) const;
  std::string text(Setting setting) const;
  std::string written(Setting setting) const;  // before choices became canonical
  std::vector<int64_t> list(Setting setting) const;
  std::vector<std::string> texts(Setting setting) const;

  // Takes the place of what it had.
  void set(Setting setting, Value value) {
    values_[static_cast<size_t>(setting)] = std::move(value);
  }

  // Lines for the log at start: deprecated and unknown names, features that are not there yet.
  const std::vector<std::string>& warnings() const { return warnings_; }

  // "--max-model-len = 4096 (flag)", ... for every setting that is not at its default; secrets
  // without their value.
  std::vector<std::string> summary() const;

 private:
  friend Result<Settings> load(const Environment&, const CommandLine&);
  Settings() = default;
  const std::optional<Value>& value(Setting setting) const {
    return values_[static_cast<size_t>(setting)];
  }

  std::vector<std::optional<Value>> values_;  // in the order of Setting
  std::vector<std::string> warnings_;
};

// All settings of one run of a command; reads the file of --config. kInvalidArgument: a value that
// does not parse, a variable given under two names with different values, or a combination that
// checks.h refuses. The file's errors: config_file.h.
Result<Settings> load(const Environment& environment, const CommandLine& line);

}  // namespace spyre::config
