// Values that a catalogue of known configurations wants to be set: taken where the user said
// nothing, told where the user said something else.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/environment.h"
#include "config/settings.h"

namespace spyre::config {

struct Wish {
  std::string name;  // of a variable, or of a flag with its dashes
  std::string text;
};

struct Adopted {
  std::vector<std::string> taken;  // "NAME=text"
  std::vector<std::string> kept;   // "NAME=theirs, wanted NAME=ours"
  // Variables that are no settings of ours, and that nobody has given another value.
  std::vector<std::string> not_ours;
};

// Settings that are not set take the wished value, with Source::kCatalogue and `source` as its
// name. environment: where variables are looked up that are no settings. kInvalidArgument: a value
// that its setting cannot have, or that does not go with the others.
Result<Adopted> adopt(Settings& settings, std::span<const Wish> wishes, std::string_view source,
                      const Environment& environment);

}  // namespace spyre::config
