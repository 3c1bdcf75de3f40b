// config.json and generation_config.json of Hugging Face folders, in the spellings of transformers
// 4 and 5, with the defaults of its config classes for absent keys.
#pragma once

#include <string_view>

#include "base/json.h"
#include "checkpoint/generation_config.h"
#include "checkpoint/model_config.h"

namespace spyre::checkpoint {

// kInvalidArgument: a key of the wrong type or range, sizes that do not divide. kUnsupported:
// architecture, activation or rope type, naming the known ones.
Result<ModelConfig> read_model_config(const Json& config, std::string_view source);

Result<GenerationConfig> read_generation_config(const Json& config, std::string_view source);

}  // namespace spyre::checkpoint
