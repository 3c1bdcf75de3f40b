// What the API knows of a pooling model: what its checkpoint says, and what config.json and
// --pooler-config say of shorter vectors.
#pragma once

#include <optional>

#include "checkpoint/checkpoint.h"
#include "config/settings.h"
#include "serve/openai/pooling_model.h"

namespace spyre::cli {

// None for a model that generates text. kInvalidArgument: --pooler-config's dimensions.
Result<std::optional<serve::openai::PoolingModel>> pooling_model(
    const config::Settings& settings, const checkpoint::Checkpoint& checkpoint);

}  // namespace spyre::cli
