// What the user and the model's files together say of pooling: for the engine, as a checkpoint's
// Pooling; for the API, as its PoolingModel.
#pragma once

#include <optional>

#include "checkpoint/checkpoint.h"
#include "config/settings.h"
#include "serve/openai/pooling_model.h"

namespace spyre::cli {

// --runner, --convert, --task and --pooler-config over what the checkpoint says, before anything
// else looks at its configuration. kInvalidArgument, kUnsupported: the model is not made for that;
// the message says what it is.
Status settle_pooling(const config::Settings& settings, checkpoint::Checkpoint& checkpoint);

// None for a model that generates text. Errors: --pooler-config's dimensions.
Result<std::optional<serve::openai::PoolingModel>> pooling_model(
    const config::Settings& settings, const checkpoint::Checkpoint& checkpoint);

}  // namespace spyre::cli
