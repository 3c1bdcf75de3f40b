// What a model is run for, where model and settings have a say: --runner, --task, --convert,
// --pooler-config.
#pragma once

#include "checkpoint/checkpoint.h"
#include "config/settings.h"

namespace spyre::cli {

// Makes an embedder of a decoder where that is asked for, and gives a pooling model the pooler that
// is. kInvalidArgument, kUnsupported: what the model cannot be used for.
Status apply_model_use(const config::Settings& settings, checkpoint::Checkpoint& checkpoint);

// kUnsupported: a pooling model, in a command that generates text.
Status check_generates(const config::Settings& settings, const checkpoint::ModelConfig& config);

}  // namespace spyre::cli
