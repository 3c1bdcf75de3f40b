// JSON with the key order of the source (part of correctness: templates print what clients sent).
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/result.h"

namespace spyre {

using Json = nlohmann::ordered_json;

// Parses a whole text, at most 200 arrays and objects inside one another. kInvalidArgument names
// `source`, the line and what was found, in printable ASCII however strange the text was.
Result<Json> parse_json(std::string_view text, std::string_view source);

}  // namespace spyre
