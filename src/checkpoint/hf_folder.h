// Opens Hugging Face folders; see checkpoint.h for what the result can do.
#pragma once

#include <filesystem>
#include <memory>

#include "base/json.h"
#include "checkpoint/checkpoint.h"

namespace spyre::checkpoint {

Result<Json> read_json_file(const std::filesystem::path& path);

struct FolderConfigs {
  Json json;  // config.json itself
  ModelConfig model;
  GenerationConfig generation;
};
// config.json, and generation_config.json and sentence-transformers' files when there are any.
Result<FolderConfigs> read_folder_configs(const std::filesystem::path& folder);

// Checkpoint::fields() of a folder.
Json fields_of(const Json& config_json, const ModelConfig& config);

Result<std::unique_ptr<Checkpoint>> open_hf_folder(const std::filesystem::path& folder);

}  // namespace spyre::checkpoint
