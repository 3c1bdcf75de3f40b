// Finds what sentence-transformers wrote into a model's folder; sentence_transformers.h reads it.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "checkpoint/model_config.h"

namespace spyre::checkpoint {

// Where there is a modules.json with a pooling, it decides config.pooling; a file of limits and one
// of prompts are read for every model that pools. Without modules.json config stays as it is but
// for these two.
Status read_sentence_folder(const std::filesystem::path& folder, ModelConfig& config);

}  // namespace spyre::checkpoint
