// Opens GGUF files, one or all files of a split; see checkpoint.h for what the result can do.
#pragma once

#include <filesystem>
#include <memory>

#include "checkpoint/checkpoint.h"

namespace spyre::checkpoint {

// path: any file of a split ("name-00002-of-00003.gguf"); the others are its siblings.
Result<std::unique_ptr<Checkpoint>> open_gguf(const std::filesystem::path& path);

}  // namespace spyre::checkpoint
