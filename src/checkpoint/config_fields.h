// What a model is, in the words of config.json, whatever container it came in: for catalogues that
// tell models apart by such fields.
#pragma once

#include "base/json.h"
#include "checkpoint/model_config.h"

namespace spyre::checkpoint {

// model_type and the sizes under the names that transformers gives them; what a folder's
// config.json leaves to defaults is there too.
Json config_fields(const ModelConfig& config);

}  // namespace spyre::checkpoint
