// The name of a model on the hub: org/name, org/name@revision, and org/name:file.gguf or
// org/name:Q4_0 for one GGUF file of a repository. Only the spelling is judged here.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace spyre::hub {

struct ModelId {
  std::string repo = {};          // "org/name"
  std::string revision = "main";  // branch, tag or commit
  std::string gguf;  // path of a .gguf file in the repository, or a quantisation's name;
                     // empty: not said

  // As parse_model_id reads it; a revision "main" is left out.
  std::string text() const;
};

// revision: HubOptions::revision, empty when not set.
// Errors: kInvalidArgument (not of the form above; a revision in both places, and they differ).
Result<ModelId> parse_model_id(std::string_view text, std::string_view revision);

// 40 hexadecimal digits: never moves, unlike a branch.
bool is_commit(std::string_view revision);

// A path that stays below its folder: non-empty parts between slashes, none of them "." or "..", no
// backslash, no control character, at most 1024 bytes.
bool is_safe_path(std::string_view path);

}  // namespace spyre::hub
