// Where the sampling defaults of a run come from: the model's generation_config.json, another
// folder's or none (--generation-config), and what --override-generation-config says about them.
#pragma once

#include "checkpoint/checkpoint.h"
#include "checkpoint/generation_config.h"
#include "config/settings.h"

namespace spyre::cli {

// End tokens are the model's own also with --generation-config vllm, which is about sampling only.
// Errors: kNotFound (the folder has no such file), kInvalidArgument (a value of the wrong type or
// out of range, a key of the override that is none; names the known ones).
Result<checkpoint::GenerationConfig> generation_settings(
    const config::Settings& settings, const checkpoint::GenerationConfig& of_model);

}  // namespace spyre::cli
