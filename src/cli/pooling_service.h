// What the API knows of a pooling model, from what its checkpoint says.
#pragma once

#include "checkpoint/model_config.h"
#include "serve/openai/pooling_model.h"

namespace spyre::cli {

// config.pooling is there.
serve::openai::PoolingModel pooling_model(const checkpoint::ModelConfig& config);

}  // namespace spyre::cli
